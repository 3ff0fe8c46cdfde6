-- The plant model, who may send, and small settings. Times are epoch milliseconds, UTC.
CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE site (
    id        INTEGER PRIMARY KEY,
    code      TEXT NOT NULL UNIQUE,
    name      TEXT NOT NULL,
    zone      TEXT NOT NULL,
    simulated INTEGER NOT NULL CHECK (simulated IN (0, 1))
) STRICT;

CREATE TABLE area (
    id       INTEGER PRIMARY KEY,
    site_id  INTEGER NOT NULL REFERENCES site (id),
    code     TEXT NOT NULL UNIQUE,
    name     TEXT NOT NULL,
    position INTEGER NOT NULL
) STRICT;

-- days: bit 0 Monday to bit 6 Sunday. start_min, end_min: minutes after local midnight; breaks: JSON list of the same.
CREATE TABLE shift_pattern (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    days      INTEGER NOT NULL,
    start_min INTEGER NOT NULL,
    end_min   INTEGER NOT NULL,
    breaks    TEXT NOT NULL
) STRICT;

CREATE TABLE line (
    id            INTEGER PRIMARY KEY,
    area_id       INTEGER NOT NULL REFERENCES area (id),
    code          TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    position      INTEGER NOT NULL,
    coupling      TEXT NOT NULL CHECK (coupling IN ('serial', 'parallel')),
    target_oee    REAL NOT NULL,
    minor_stop_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE line_shift (
    line_id  INTEGER NOT NULL REFERENCES line (id),
    shift_id INTEGER NOT NULL REFERENCES shift_pattern (id),
    PRIMARY KEY (line_id, shift_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE machine (
    id             INTEGER PRIMARY KEY,
    line_id        INTEGER NOT NULL REFERENCES line (id),
    code           TEXT NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    position       INTEGER NOT NULL,
    pacing         INTEGER NOT NULL CHECK (pacing IN (0, 1)),
    output         INTEGER NOT NULL CHECK (output IN (0, 1)),
    max_silence_ms INTEGER,
    counter_max    INTEGER
) STRICT;

CREATE TABLE product (
    id   INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL
) STRICT;

-- units pieces in per_ms milliseconds, from valid_from on.
CREATE TABLE ideal_rate (
    machine_id INTEGER NOT NULL REFERENCES machine (id),
    product_id INTEGER NOT NULL REFERENCES product (id),
    valid_from INTEGER NOT NULL,
    units      INTEGER NOT NULL CHECK (units > 0),
    per_ms     INTEGER NOT NULL CHECK (per_ms > 0),
    origin     TEXT NOT NULL,
    PRIMARY KEY (machine_id, product_id, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE fault_code (
    machine_id INTEGER NOT NULL REFERENCES machine (id),
    code       TEXT NOT NULL,
    text       TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('fault', 'prompt', 'status')),
    PRIMARY KEY (machine_id, code)
) STRICT, WITHOUT ROWID;

-- A sender of facts and its key: only the SHA-256 of the key is kept.
CREATE TABLE source (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    key_hash      BLOB NOT NULL UNIQUE,
    may_backfill  INTEGER NOT NULL CHECK (may_backfill IN (0, 1)),
    may_configure INTEGER NOT NULL CHECK (may_configure IN (0, 1)),
    created_ms    INTEGER NOT NULL
) STRICT;
