-- Why machines stand: the tree of reasons. The program adds those that every plant starts with (domain::reason).
CREATE TABLE reason (
    id        INTEGER PRIMARY KEY,
    code      TEXT NOT NULL UNIQUE,
    name      TEXT NOT NULL,
    parent_id INTEGER REFERENCES reason (id),
    category  TEXT NOT NULL CHECK (category IN ('unplanned', 'changeover', 'starved', 'blocked', 'planned')),
    active    INTEGER NOT NULL CHECK (active IN (0, 1)),
    position  INTEGER NOT NULL
) STRICT;

-- Where the trouble is that a fault tells of, and the reason that it points to.
ALTER TABLE fault_code ADD COLUMN origin TEXT NOT NULL DEFAULT 'internal'
    CHECK (origin IN ('internal', 'upstream', 'downstream'));
ALTER TABLE fault_code ADD COLUMN reason_id INTEGER REFERENCES reason (id);

-- Running without a count for longer than this is standing since the last one.
ALTER TABLE machine ADD COLUMN cycle_gap_ms INTEGER;

-- The last count of machines with a cycle gap, as the fold saw it.
CREATE TABLE last_count (
    machine_id INTEGER PRIMARY KEY,
    at_ms      INTEGER NOT NULL
) STRICT;

-- What somebody said about a stop: append-only, the last one about a time holds. to_ms NULL: the stop had not ended;
-- known_ms is its end as far as it was known then.
CREATE TABLE classification (
    id         INTEGER PRIMARY KEY,
    machine_id INTEGER NOT NULL REFERENCES machine (id),
    from_ms    INTEGER NOT NULL,
    to_ms      INTEGER,
    known_ms   INTEGER NOT NULL,
    confirmed  INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    comment    TEXT NOT NULL,
    author     TEXT NOT NULL,
    made_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX classification_by_time ON classification (machine_id, known_ms);

-- The reasons that it gives to parts of the stop. to_ms NULL: to the stop's end.
CREATE TABLE given_reason (
    classification_id INTEGER NOT NULL REFERENCES classification (id),
    from_ms           INTEGER NOT NULL,
    to_ms             INTEGER,
    reason_id         INTEGER NOT NULL REFERENCES reason (id),
    PRIMARY KEY (classification_id, from_ms)
) STRICT, WITHOUT ROWID;
