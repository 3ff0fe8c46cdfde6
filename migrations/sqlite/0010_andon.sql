-- Calls for help: what happens to them, when who is called, and the rules for it. Times are epoch milliseconds, UTC; days are
-- counted from 1970-01-01. Numbers of kinds, priorities, causes and channels are those of domain::andon.

-- A call. version: counts all changes of all calls, in commit order. spot: m and the machine's number, or l and the line's.
-- The stamps after raised and reopened are of the present round; before_*: the time of the rounds before it. stop_ms: the start
-- of the stop that it is about; restarted_ms: when the machine ran again since the round began. level: how far up it went;
-- escalated: it went above level 0. ladder: JSON, as it was when the plan began. plan: counts raises and reopenings with a
-- ladder of their own. plan_ms: when the plan began. hour: of the day when it was raised, by the clock of the site.
CREATE TABLE andon_call (
    id                    INTEGER PRIMARY KEY,
    version               INTEGER NOT NULL UNIQUE,
    line_id               INTEGER NOT NULL REFERENCES line (id),
    machine_id            INTEGER REFERENCES machine (id),
    spot                  TEXT NOT NULL,
    kind                  INTEGER NOT NULL,
    priority              INTEGER NOT NULL,
    line_stopped          INTEGER NOT NULL CHECK (line_stopped IN (0, 1)),
    text                  TEXT NOT NULL,
    note                  TEXT NOT NULL,
    raises                INTEGER NOT NULL,
    stop_ms               INTEGER,
    restarted_ms          INTEGER,
    level                 INTEGER NOT NULL,
    escalated             INTEGER NOT NULL CHECK (escalated IN (0, 1)),
    reopened              INTEGER NOT NULL,
    raised_ms             INTEGER NOT NULL,
    raised_by             TEXT NOT NULL,
    raised_person         INTEGER REFERENCES person (id),
    reopened_ms           INTEGER,
    reopened_by           TEXT,
    acknowledged_ms       INTEGER,
    acknowledged_by       TEXT,
    acknowledged_person   INTEGER REFERENCES person (id),
    eta_ms                INTEGER,
    arrived_ms            INTEGER,
    arrived_by            TEXT,
    resolved_ms           INTEGER,
    resolved_by           TEXT,
    cause                 INTEGER,
    closed_ms             INTEGER,
    closed_by             TEXT,
    cancelled_ms          INTEGER,
    cancelled_by          TEXT,
    before_acknowledge_ms INTEGER NOT NULL,
    before_travel_ms      INTEGER NOT NULL,
    before_repair_ms      INTEGER NOT NULL,
    before_restart_ms     INTEGER NOT NULL,
    shift                 TEXT,
    hour                  INTEGER NOT NULL,
    rule_id               INTEGER,
    ladder                TEXT NOT NULL,
    plan                  INTEGER NOT NULL,
    plan_ms               INTEGER NOT NULL
) STRICT;
-- Of one kind and place one call is open at a time.
CREATE UNIQUE INDEX andon_call_open ON andon_call (spot, kind) WHERE resolved_ms IS NULL AND cancelled_ms IS NULL;
CREATE INDEX andon_call_going_on ON andon_call (id) WHERE closed_ms IS NULL AND cancelled_ms IS NULL;
CREATE INDEX andon_call_raised ON andon_call (raised_ms, id);
CREATE INDEX andon_call_resolved ON andon_call (line_id, resolved_ms);
CREATE INDEX andon_call_cancelled ON andon_call (line_id, cancelled_ms);
CREATE INDEX andon_call_spot ON andon_call (spot, kind, raised_ms);

-- What happened to a call, added only. what: raise, join, step, restart, or the name of an act.
CREATE TABLE andon_event (
    id        INTEGER PRIMARY KEY,
    call_id   INTEGER NOT NULL REFERENCES andon_call (id),
    at_ms     INTEGER NOT NULL,
    what      TEXT NOT NULL,
    who       TEXT NOT NULL,
    person_id INTEGER REFERENCES person (id),
    detail    TEXT NOT NULL
) STRICT;
CREATE INDEX andon_event_raised ON andon_event (at_ms) WHERE what IN ('raise', 'join');
CREATE INDEX andon_event_call ON andon_event (call_id, id);

-- A step of a call's ladder that will be due, or was. set_ms: when that was known. state: 1 pending, 2 done, 3 void.
-- fired_ms: when it was done; late_ms: by how much too late.
CREATE TABLE andon_timer (
    call_id  INTEGER NOT NULL REFERENCES andon_call (id),
    plan     INTEGER NOT NULL,
    step     INTEGER NOT NULL,
    due_ms   INTEGER NOT NULL,
    set_ms   INTEGER NOT NULL,
    state    INTEGER NOT NULL CHECK (state IN (1, 2, 3)),
    fired_ms INTEGER,
    late_ms  INTEGER,
    PRIMARY KEY (call_id, plan, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX andon_timer_due ON andon_timer (due_ms) WHERE state = 1;

-- Who was told by a step, and by what. who: as they were called then; without a person it is a role or duty that nobody has, or
-- a receiver of its own. delivery_id: the message on its way. state: 1 shown, 2 waiting, 3 sent, 4 failed, 5 held back until
-- held_ms for a summary, 6 part of a summary, 7 not told because the call was over.
CREATE TABLE andon_told (
    id          INTEGER PRIMARY KEY,
    call_id     INTEGER NOT NULL REFERENCES andon_call (id),
    plan        INTEGER NOT NULL,
    step        INTEGER NOT NULL,
    level       INTEGER NOT NULL,
    person_id   INTEGER REFERENCES person (id),
    who         TEXT NOT NULL,
    channel     INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    delivery_id INTEGER,
    held_ms     INTEGER,
    state       INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7)
) STRICT;
CREATE UNIQUE INDEX andon_told_once ON andon_told (call_id, plan, step, COALESCE(person_id, 0), who, channel);
CREATE INDEX andon_told_person ON andon_told (person_id, at_ms);
CREATE INDEX andon_told_waiting ON andon_told (call_id) WHERE state = 2;
CREATE INDEX andon_told_held ON andon_told (held_ms) WHERE state = 5;

-- Who is called when, for calls of a kind, priority, line and shift; what is NULL is not looked at. ladder: JSON.
CREATE TABLE andon_rule (
    id       INTEGER PRIMARY KEY,
    kind     INTEGER,
    priority INTEGER,
    line_id  INTEGER REFERENCES line (id),
    shift    TEXT,
    ladder   TEXT NOT NULL,
    version  INTEGER NOT NULL
) STRICT;

-- days: bit 0 Monday to bit 6 Sunday.
CREATE TABLE duty (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL,
    person_id INTEGER NOT NULL REFERENCES person (id),
    line_id   INTEGER REFERENCES line (id),
    shift     TEXT,
    days      INTEGER NOT NULL CHECK (days BETWEEN 1 AND 127),
    from_day  INTEGER,
    until_day INTEGER,
    holidays  INTEGER NOT NULL CHECK (holidays IN (0, 1)),
    version   INTEGER NOT NULL
) STRICT;

-- From from_day to until_day, both included, by_id stands in for person_id.
CREATE TABLE substitute (
    id        INTEGER PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES person (id),
    by_id     INTEGER NOT NULL REFERENCES person (id),
    from_day  INTEGER NOT NULL,
    until_day INTEGER NOT NULL,
    version   INTEGER NOT NULL,
    CHECK (person_id <> by_id AND from_day <= until_day)
) STRICT;

-- By what machines call by themselves. evidence: JSON.
CREATE TABLE andon_auto (
    id       INTEGER PRIMARY KEY,
    is_on    INTEGER NOT NULL CHECK (is_on IN (0, 1)),
    evidence TEXT NOT NULL,
    kind     INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    version  INTEGER NOT NULL
) STRICT;
INSERT INTO andon_auto (is_on, evidence, kind, priority, version) VALUES
    (1, '{"when":"stop_longer","than":300000}', 2, 2, 1),
    (1, '{"when":"quality_under","share":0.95,"min_pieces":50}', 4, 2, 1),
    (0, '{"when":"fault_class","prefixes":[],"origin":"internal"}', 2, 3, 1),
    (0, '{"when":"count_behind","pieces":100}', 2, 1, 1);

-- A link by which one person takes one call, once.
CREATE TABLE andon_link (
    token_hash BLOB PRIMARY KEY,
    call_id    INTEGER NOT NULL REFERENCES andon_call (id),
    person_id  INTEGER NOT NULL REFERENCES person (id),
    expires_ms INTEGER NOT NULL,
    used_ms    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX andon_link_expires ON andon_link (expires_ms);
