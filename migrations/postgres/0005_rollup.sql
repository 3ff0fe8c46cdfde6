-- Accounts by cell, line by line. A cell is a stretch of the line's calendar: level 1 a local hour cut at the edges of
-- shifts, 2 a shift or the time between two, 3 a production day, 4 a month. machine_id 0 is the line itself; product_id 0
-- is not known. Times are milliseconds, ideal times nanoseconds.
CREATE TABLE rollup (
    line_id           BIGINT NOT NULL,
    level             BIGINT NOT NULL,
    from_ms           BIGINT NOT NULL,
    machine_id        BIGINT NOT NULL,
    product_id        BIGINT NOT NULL,
    not_scheduled_ms  BIGINT NOT NULL,
    planned_ms        BIGINT NOT NULL,
    run_ms            BIGINT NOT NULL,
    minor_ms          BIGINT NOT NULL,
    unplanned_ms      BIGINT NOT NULL,
    changeover_ms     BIGINT NOT NULL,
    starved_ms        BIGINT NOT NULL,
    blocked_ms        BIGINT NOT NULL,
    unknown_ms        BIGINT NOT NULL,
    good              BIGINT NOT NULL,
    scrap             BIGINT NOT NULL,
    rework            BIGINT NOT NULL,
    ungraded          BIGINT NOT NULL,
    start_up          BIGINT NOT NULL,
    off_good          BIGINT NOT NULL,
    off_scrap         BIGINT NOT NULL,
    off_rework        BIGINT NOT NULL,
    off_ungraded      BIGINT NOT NULL,
    ideal_total_ns    BIGINT NOT NULL,
    ideal_good_ns     BIGINT NOT NULL,
    ideal_rework_ns   BIGINT NOT NULL,
    ideal_start_up_ns BIGINT NOT NULL,
    ideal_ungraded_ns BIGINT NOT NULL,
    ideal_planned_ns  BIGINT NOT NULL,
    ideal_off_ns      BIGINT NOT NULL,
    unrated           BIGINT NOT NULL,
    unrated_off       BIGINT NOT NULL,
    failures          BIGINT NOT NULL,
    repairs           BIGINT NOT NULL,
    repair_ms         BIGINT NOT NULL,
    minor_stops       BIGINT NOT NULL,
    waits             BIGINT NOT NULL,
    changeovers       BIGINT NOT NULL,
    PRIMARY KEY (line_id, level, from_ms, machine_id, product_id)
);

-- Time lost by reason in the same cells. reason_id 0: nobody knows why.
CREATE TABLE rollup_loss (
    line_id    BIGINT NOT NULL,
    level      BIGINT NOT NULL,
    from_ms    BIGINT NOT NULL,
    machine_id BIGINT NOT NULL,
    bucket     BIGINT NOT NULL,
    minor      BIGINT NOT NULL CHECK (minor IN (0, 1)),
    reason_id  BIGINT NOT NULL,
    time_ms    BIGINT NOT NULL,
    stops      BIGINT NOT NULL,
    PRIMARY KEY (line_id, level, from_ms, machine_id, bucket, minor, reason_id)
);

-- From and up to when a line's cells are made; absent: none are.
CREATE TABLE rollup_state (
    line_id   BIGINT PRIMARY KEY,
    made_from BIGINT NOT NULL,
    made_to   BIGINT NOT NULL
);

-- Stretches whose cells must be made again. anew 1: the calendar changed, so that the cells may have other edges.
CREATE TABLE rollup_due (
    line_id BIGINT NOT NULL,
    from_ms BIGINT NOT NULL,
    to_ms   BIGINT NOT NULL,
    anew    BIGINT NOT NULL CHECK (anew IN (0, 1)),
    PRIMARY KEY (line_id, from_ms, to_ms, anew)
);
