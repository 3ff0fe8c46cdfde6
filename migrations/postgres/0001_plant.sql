-- The plant model, who may send, and small settings. Times are epoch milliseconds, UTC.
CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE site (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code      TEXT NOT NULL UNIQUE,
    name      TEXT NOT NULL,
    zone      TEXT NOT NULL,
    simulated BIGINT NOT NULL CHECK (simulated IN (0, 1))
);

CREATE TABLE area (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id  BIGINT NOT NULL REFERENCES site (id),
    code     TEXT NOT NULL UNIQUE,
    name     TEXT NOT NULL,
    position BIGINT NOT NULL
);

-- days: bit 0 Monday to bit 6 Sunday. start_min, end_min: minutes after local midnight; breaks: JSON list of the same.
CREATE TABLE shift_pattern (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    days      BIGINT NOT NULL,
    start_min BIGINT NOT NULL,
    end_min   BIGINT NOT NULL,
    breaks    TEXT NOT NULL
);

CREATE TABLE line (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    area_id       BIGINT NOT NULL REFERENCES area (id),
    code          TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    position      BIGINT NOT NULL,
    coupling      TEXT NOT NULL CHECK (coupling IN ('serial', 'parallel')),
    target_oee    DOUBLE PRECISION NOT NULL,
    minor_stop_ms BIGINT NOT NULL
);

CREATE TABLE line_shift (
    line_id  BIGINT NOT NULL REFERENCES line (id),
    shift_id BIGINT NOT NULL REFERENCES shift_pattern (id),
    PRIMARY KEY (line_id, shift_id)
);

CREATE TABLE machine (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    line_id        BIGINT NOT NULL REFERENCES line (id),
    code           TEXT NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    position       BIGINT NOT NULL,
    pacing         BIGINT NOT NULL CHECK (pacing IN (0, 1)),
    output         BIGINT NOT NULL CHECK (output IN (0, 1)),
    max_silence_ms BIGINT,
    counter_max    BIGINT
);

CREATE TABLE product (
    id   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL
);

-- units pieces in per_ms milliseconds, from valid_from on.
CREATE TABLE ideal_rate (
    machine_id BIGINT NOT NULL REFERENCES machine (id),
    product_id BIGINT NOT NULL REFERENCES product (id),
    valid_from BIGINT NOT NULL,
    units      BIGINT NOT NULL CHECK (units > 0),
    per_ms     BIGINT NOT NULL CHECK (per_ms > 0),
    origin     TEXT NOT NULL,
    PRIMARY KEY (machine_id, product_id, valid_from)
);

CREATE TABLE fault_code (
    machine_id BIGINT NOT NULL REFERENCES machine (id),
    code       TEXT NOT NULL,
    text       TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('fault', 'prompt', 'status')),
    PRIMARY KEY (machine_id, code)
);

-- A sender of facts and its key: only the SHA-256 of the key is kept.
CREATE TABLE source (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    key_hash      BYTEA NOT NULL UNIQUE,
    may_backfill  BIGINT NOT NULL CHECK (may_backfill IN (0, 1)),
    may_configure BIGINT NOT NULL CHECK (may_configure IN (0, 1)),
    created_ms    BIGINT NOT NULL
);
