-- What a call that was reopened keeps: who took it first and who was there first, and where in time its rounds lie.

-- When it was taken for the first time, and when somebody was there for the first time, whatever rounds came after.
ALTER TABLE andon_call ADD COLUMN first_acknowledged_ms BIGINT;
ALTER TABLE andon_call ADD COLUMN first_arrived_ms BIGINT;
UPDATE andon_call SET
    first_acknowledged_ms = COALESCE((SELECT MIN(e.at_ms) FROM andon_event e
        WHERE e.call_id = andon_call.id AND e.what IN ('acknowledge', 'arrive')), acknowledged_ms),
    first_arrived_ms = COALESCE((SELECT MIN(e.at_ms) FROM andon_event e
        WHERE e.call_id = andon_call.id AND e.what = 'arrive'), arrived_ms);

-- A round that is over because the call was reopened, counted from 0. Its four parts follow each other from from_ms on;
-- over all rounds of a call they sum up to its before_*.
CREATE TABLE andon_round (
    call_id        BIGINT NOT NULL REFERENCES andon_call (id),
    round          BIGINT NOT NULL,
    from_ms        BIGINT NOT NULL,
    acknowledge_ms BIGINT NOT NULL,
    travel_ms      BIGINT NOT NULL,
    repair_ms      BIGINT NOT NULL,
    restart_ms     BIGINT NOT NULL,
    PRIMARY KEY (call_id, round)
);
-- Of calls that were reopened once, the one round before is known to the millisecond.
INSERT INTO andon_round (call_id, round, from_ms, acknowledge_ms, travel_ms, repair_ms, restart_ms)
SELECT id, 0, raised_ms, before_acknowledge_ms, before_travel_ms, before_repair_ms, before_restart_ms
FROM andon_call WHERE reopened = 1;
-- Of others it is what is noted of them that tells: a round lasts until its machine ran again; where that is not noted,
-- until the call was reopened if its line stood, and until it was resolved if not.
WITH ended (call_id, round, stood, first_id, last_id, until_ms) AS (
    SELECT c.id,
        (SELECT COUNT(*) FROM andon_event b WHERE b.call_id = c.id AND b.what = 'reopen' AND b.id < r.id),
        c.line_stopped,
        (SELECT MAX(b.id) FROM andon_event b
            WHERE b.call_id = c.id AND b.what IN ('raise', 'reopen') AND b.id < r.id),
        r.id,
        r.at_ms
    FROM andon_call c JOIN andon_event r ON r.call_id = c.id AND r.what = 'reopen'
    WHERE c.reopened > 1
),
told (call_id, round, stood, until_ms, from_ms, taken_ms, there_ms, resolved_ms, restarted_ms) AS (
    SELECT d.call_id, d.round, d.stood, d.until_ms, s.at_ms,
        (SELECT MIN(e.at_ms) FROM andon_event e WHERE e.call_id = d.call_id AND e.id > d.first_id
            AND e.id < d.last_id AND e.what IN ('acknowledge', 'arrive')),
        (SELECT MIN(e.at_ms) FROM andon_event e WHERE e.call_id = d.call_id AND e.id > d.first_id
            AND e.id < d.last_id AND e.what = 'arrive'),
        (SELECT MAX(e.at_ms) FROM andon_event e WHERE e.call_id = d.call_id AND e.id > d.first_id
            AND e.id < d.last_id AND e.what = 'resolve'),
        (SELECT MAX(e.at_ms) FROM andon_event e WHERE e.call_id = d.call_id AND e.id > d.first_id
            AND e.id < d.last_id AND e.what = 'restart')
    FROM ended d JOIN andon_event s ON s.id = d.first_id
),
laid (call_id, round, from_ms, taken_ms, there_ms, resolved_ms, end_ms) AS (
    SELECT call_id, round, from_ms, COALESCE(taken_ms, resolved_ms, until_ms),
        COALESCE(there_ms, taken_ms, resolved_ms, until_ms), COALESCE(resolved_ms, until_ms),
        COALESCE(restarted_ms, CASE WHEN stood = 1 THEN until_ms ELSE resolved_ms END, until_ms)
    FROM told
)
INSERT INTO andon_round (call_id, round, from_ms, acknowledge_ms, travel_ms, repair_ms, restart_ms)
SELECT call_id, round, from_ms,
    LEAST(taken_ms, end_ms) - from_ms,
    LEAST(there_ms, end_ms) - LEAST(taken_ms, end_ms),
    LEAST(resolved_ms, end_ms) - LEAST(there_ms, end_ms),
    end_ms - LEAST(resolved_ms, end_ms)
FROM laid;

-- Calls raised before a stretch of time that were over only in it or later.
CREATE INDEX andon_call_closed ON andon_call (closed_ms, raised_ms, id);
CREATE INDEX andon_call_cancelled_at ON andon_call (cancelled_ms, raised_ms, id);
-- Calls about stops are found from the stops.
CREATE INDEX andon_call_stop ON andon_call (stop_ms) WHERE stop_ms IS NOT NULL;
