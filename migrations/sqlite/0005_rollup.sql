-- Accounts by cell, line by line. A cell is a stretch of the line's calendar: level 1 a local hour cut at the edges of
-- shifts, 2 a shift or the time between two, 3 a production day, 4 a month. machine_id 0 is the line itself; product_id 0
-- is not known. Times are milliseconds, ideal times nanoseconds.
CREATE TABLE rollup (
    line_id           INTEGER NOT NULL,
    level             INTEGER NOT NULL,
    from_ms           INTEGER NOT NULL,
    machine_id        INTEGER NOT NULL,
    product_id        INTEGER NOT NULL,
    not_scheduled_ms  INTEGER NOT NULL,
    planned_ms        INTEGER NOT NULL,
    run_ms            INTEGER NOT NULL,
    minor_ms          INTEGER NOT NULL,
    unplanned_ms      INTEGER NOT NULL,
    changeover_ms     INTEGER NOT NULL,
    starved_ms        INTEGER NOT NULL,
    blocked_ms        INTEGER NOT NULL,
    unknown_ms        INTEGER NOT NULL,
    good              INTEGER NOT NULL,
    scrap             INTEGER NOT NULL,
    rework            INTEGER NOT NULL,
    ungraded          INTEGER NOT NULL,
    start_up          INTEGER NOT NULL,
    off_good          INTEGER NOT NULL,
    off_scrap         INTEGER NOT NULL,
    off_rework        INTEGER NOT NULL,
    off_ungraded      INTEGER NOT NULL,
    ideal_total_ns    INTEGER NOT NULL,
    ideal_good_ns     INTEGER NOT NULL,
    ideal_rework_ns   INTEGER NOT NULL,
    ideal_start_up_ns INTEGER NOT NULL,
    ideal_ungraded_ns INTEGER NOT NULL,
    ideal_planned_ns  INTEGER NOT NULL,
    ideal_off_ns      INTEGER NOT NULL,
    unrated           INTEGER NOT NULL,
    unrated_off       INTEGER NOT NULL,
    failures          INTEGER NOT NULL,
    repairs           INTEGER NOT NULL,
    repair_ms         INTEGER NOT NULL,
    minor_stops       INTEGER NOT NULL,
    waits             INTEGER NOT NULL,
    changeovers       INTEGER NOT NULL,
    PRIMARY KEY (line_id, level, from_ms, machine_id, product_id)
) STRICT, WITHOUT ROWID;

-- Time lost by reason in the same cells. reason_id 0: nobody knows why.
CREATE TABLE rollup_loss (
    line_id    INTEGER NOT NULL,
    level      INTEGER NOT NULL,
    from_ms    INTEGER NOT NULL,
    machine_id INTEGER NOT NULL,
    bucket     INTEGER NOT NULL,
    minor      INTEGER NOT NULL CHECK (minor IN (0, 1)),
    reason_id  INTEGER NOT NULL,
    time_ms    INTEGER NOT NULL,
    stops      INTEGER NOT NULL,
    PRIMARY KEY (line_id, level, from_ms, machine_id, bucket, minor, reason_id)
) STRICT, WITHOUT ROWID;

-- From and up to when a line's cells are made; absent: none are.
CREATE TABLE rollup_state (
    line_id   INTEGER PRIMARY KEY,
    made_from INTEGER NOT NULL,
    made_to   INTEGER NOT NULL
) STRICT;

-- Stretches whose cells must be made again. anew 1: the calendar changed, so that the cells may have other edges.
CREATE TABLE rollup_due (
    line_id INTEGER NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms   INTEGER NOT NULL,
    anew    INTEGER NOT NULL CHECK (anew IN (0, 1)),
    PRIMARY KEY (line_id, from_ms, to_ms, anew)
) STRICT, WITHOUT ROWID;
