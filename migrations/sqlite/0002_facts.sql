-- What happened: append-only. seq is the order of commit; live streams resume from it.
CREATE TABLE fact (
    seq         INTEGER PRIMARY KEY,
    source_id   INTEGER NOT NULL,
    item_id     TEXT NOT NULL,
    machine_id  INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    body        TEXT NOT NULL,
    received_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX fact_identity ON fact (source_id, item_id);
CREATE INDEX fact_by_machine ON fact (machine_id, at_ms);

-- Items that could not become facts, with the reason; kept until someone retries or dismisses them.
CREATE TABLE quarantine (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    source_id   INTEGER NOT NULL,
    item_id     TEXT NOT NULL,
    item_hash   INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    code        TEXT NOT NULL,
    detail      TEXT NOT NULL,
    item        TEXT NOT NULL,
    UNIQUE (source_id, item_hash, code)
) STRICT;

-- The folded timeline. An interval starts here and ends where the machine's next one starts.
CREATE TABLE transition (
    machine_id INTEGER NOT NULL,
    from_ms    INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    fault      TEXT,
    product_id INTEGER,
    PRIMARY KEY (machine_id, from_ms)
) STRICT, WITHOUT ROWID;

-- Pieces by minute. product_id 0: not known. off 1: the machine said that it was off.
CREATE TABLE minute_count (
    machine_id INTEGER NOT NULL,
    minute_ms  INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    off        INTEGER NOT NULL,
    good       INTEGER NOT NULL,
    scrap      INTEGER NOT NULL,
    rework     INTEGER NOT NULL,
    ungraded   INTEGER NOT NULL,
    PRIMARY KEY (machine_id, minute_ms, product_id, off)
) STRICT, WITHOUT ROWID;

-- The fold's memory before the first fact at or after at_ms (a full hour): where re-folding starts.
CREATE TABLE checkpoint (
    machine_id INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    head       TEXT NOT NULL,
    PRIMARY KEY (machine_id, at_ms)
) STRICT, WITHOUT ROWID;
