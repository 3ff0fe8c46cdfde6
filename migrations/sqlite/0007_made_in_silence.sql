-- Pieces made while nothing was heard belong to no minute of known time. In minute_count they have off 2: the minute is
-- the one in which they were told.
ALTER TABLE rollup ADD COLUMN unknown_good INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollup ADD COLUMN unknown_scrap INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollup ADD COLUMN unknown_rework INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollup ADD COLUMN unknown_ungraded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollup ADD COLUMN ideal_unknown_ns INTEGER NOT NULL DEFAULT 0;

-- From when on a machine is there: its time before is no time of its line. 0 is since ever.
ALTER TABLE machine ADD COLUMN since_ms INTEGER NOT NULL DEFAULT 0;

-- Accounts hold other numbers now (pieces of silences, failures, what leaves a line): all cells are made again.
DELETE FROM rollup;
DELETE FROM rollup_loss;
DELETE FROM rollup_state;
DELETE FROM rollup_due;

-- Timelines folded before know nothing of what was made in a silence: they are folded anew.
INSERT INTO refold_due SELECT id FROM machine WHERE max_silence_ms IS NOT NULL;
