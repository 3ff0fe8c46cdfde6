-- Calendars, rates and targets with the day or the instant from which each holds.
-- Local days are days since 1970-01-01, instants epoch milliseconds; 0 is since ever.

-- One shift under one name, as it was, is and will be. days: bit 0 Monday to bit 6 Sunday. start_min, end_min: minutes
-- after local midnight. breaks: JSON list of the same. weeks: JSON list, the weeks of the cycle from 1, none for all.
-- crews: JSON list of names. anchor: the Monday from which weeks are counted.
CREATE TABLE shift_rule (
    shift_id    BIGINT NOT NULL REFERENCES shift_pattern (id),
    valid_from  BIGINT NOT NULL,
    days        BIGINT NOT NULL,
    start_min   BIGINT NOT NULL,
    end_min     BIGINT NOT NULL,
    breaks      TEXT NOT NULL,
    until       BIGINT,
    anchor      BIGINT,
    cycle_weeks BIGINT NOT NULL CHECK (cycle_weeks > 0),
    weeks       TEXT NOT NULL,
    crews       TEXT NOT NULL,
    PRIMARY KEY (shift_id, valid_from)
);
INSERT INTO shift_rule (shift_id, valid_from, days, start_min, end_min, breaks, cycle_weeks, weeks, crews)
    SELECT id, 0, days, start_min, end_min, breaks, 1, '[]', '[]' FROM shift_pattern;
ALTER TABLE shift_pattern DROP COLUMN days;
ALTER TABLE shift_pattern DROP COLUMN start_min;
ALTER TABLE shift_pattern DROP COLUMN end_min;
ALTER TABLE shift_pattern DROP COLUMN breaks;

-- The shifts of a line from a local day on: JSON list of shift_pattern.id. None: its machines say when they are scheduled.
CREATE TABLE line_calendar (
    line_id    BIGINT NOT NULL REFERENCES line (id),
    valid_from BIGINT NOT NULL,
    shifts     TEXT NOT NULL,
    PRIMARY KEY (line_id, valid_from)
);
INSERT INTO line_calendar (line_id, valid_from, shifts)
    SELECT l.id, 0, (SELECT COALESCE(json_agg(s.shift_id)::text, '[]') FROM line_shift s WHERE s.line_id = l.id) FROM line l;
DROP TABLE line_shift;

-- No shift starts on these days. lines: JSON list of line.id, none for all.
CREATE TABLE holiday (
    day   BIGINT NOT NULL,
    name  TEXT NOT NULL,
    lines TEXT NOT NULL,
    PRIMARY KEY (day, name)
);

-- Exactly these shifts start on the line that day: JSON list of shift_pattern.id.
CREATE TABLE calendar_exception (
    line_id BIGINT NOT NULL REFERENCES line (id),
    day     BIGINT NOT NULL,
    shifts  TEXT NOT NULL,
    name    TEXT NOT NULL,
    PRIMARY KEY (line_id, day)
);

CREATE TABLE planned_stop (
    line_id BIGINT NOT NULL REFERENCES line (id),
    from_ms BIGINT NOT NULL,
    to_ms   BIGINT NOT NULL CHECK (to_ms > from_ms),
    name    TEXT NOT NULL,
    PRIMARY KEY (line_id, from_ms)
);

ALTER TABLE product ADD COLUMN unit TEXT NOT NULL DEFAULT 'pieces';
ALTER TABLE ideal_rate ADD COLUMN unit TEXT NOT NULL DEFAULT 'pieces';

-- What is asked of a line, as shares.
CREATE TABLE line_target (
    line_id      BIGINT NOT NULL REFERENCES line (id),
    valid_from   BIGINT NOT NULL,
    availability DOUBLE PRECISION NOT NULL,
    performance  DOUBLE PRECISION NOT NULL,
    quality      DOUBLE PRECISION NOT NULL,
    oee          DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (line_id, valid_from)
);
INSERT INTO line_target (line_id, valid_from, availability, performance, quality, oee)
    SELECT id, 0, 0.9, 0.95, 0.98, target_oee FROM line;
ALTER TABLE line DROP COLUMN target_oee;

-- Lines that are there keep being judged as they were until their definition is given again.
ALTER TABLE line ADD COLUMN debounce_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE line ADD COLUMN start_up_ms BIGINT NOT NULL DEFAULT 0;

CREATE TABLE changeover_target (
    line_id      BIGINT NOT NULL REFERENCES line (id),
    from_product BIGINT NOT NULL REFERENCES product (id),
    to_product   BIGINT NOT NULL REFERENCES product (id),
    target_ms    BIGINT NOT NULL CHECK (target_ms > 0),
    PRIMARY KEY (line_id, from_product, to_product)
);
