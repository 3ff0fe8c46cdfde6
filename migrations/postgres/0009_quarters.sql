-- Cells of a fifth level, quarters, lie above those of months. All cells are made again.
DELETE FROM rollup_due;
DELETE FROM rollup_state;
DELETE FROM rollup_loss;
DELETE FROM rollup;
