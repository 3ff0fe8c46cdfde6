-- What happened: append-only. seq is the order of commit; live streams resume from it.
CREATE TABLE fact (
    seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id   BIGINT NOT NULL,
    item_id     TEXT NOT NULL,
    machine_id  BIGINT NOT NULL,
    at_ms       BIGINT NOT NULL,
    body        TEXT NOT NULL,
    received_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX fact_identity ON fact (source_id, item_id);
CREATE INDEX fact_by_machine ON fact (machine_id, at_ms);

-- Items that could not become facts, with the reason; kept until someone retries or dismisses them.
CREATE TABLE quarantine (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id   BIGINT NOT NULL,
    item_id     TEXT NOT NULL,
    item_hash   BIGINT NOT NULL,
    received_ms BIGINT NOT NULL,
    code        TEXT NOT NULL,
    detail      TEXT NOT NULL,
    item        TEXT NOT NULL,
    UNIQUE (source_id, item_hash, code)
);

-- The folded timeline. An interval starts here and ends where the machine's next one starts.
CREATE TABLE transition (
    machine_id BIGINT NOT NULL,
    from_ms    BIGINT NOT NULL,
    state      BIGINT NOT NULL,
    fault      TEXT,
    product_id BIGINT,
    PRIMARY KEY (machine_id, from_ms)
);

-- Pieces by minute. product_id 0: not known. off 1: the machine said that it was off.
CREATE TABLE minute_count (
    machine_id BIGINT NOT NULL,
    minute_ms  BIGINT NOT NULL,
    product_id BIGINT NOT NULL,
    off        BIGINT NOT NULL,
    good       BIGINT NOT NULL,
    scrap      BIGINT NOT NULL,
    rework     BIGINT NOT NULL,
    ungraded   BIGINT NOT NULL,
    PRIMARY KEY (machine_id, minute_ms, product_id, off)
);

-- The fold's memory before the first fact at or after at_ms (a full hour): where re-folding starts.
CREATE TABLE checkpoint (
    machine_id BIGINT NOT NULL,
    at_ms      BIGINT NOT NULL,
    head       TEXT NOT NULL,
    PRIMARY KEY (machine_id, at_ms)
);
