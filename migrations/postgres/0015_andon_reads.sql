-- Why somebody could not be told, in words; empty: they were, or it is known from elsewhere.
ALTER TABLE andon_told ADD COLUMN why TEXT NOT NULL DEFAULT '';
-- Calls of the past for those who see some lines only.
CREATE INDEX andon_call_line ON andon_call (line_id, raised_ms, id);
-- What is forgotten some time after calls are over is found by its own age: calls stay, and become ever more.
CREATE INDEX andon_told_at ON andon_told (at_ms, id);
CREATE INDEX andon_timer_set ON andon_timer (set_ms) WHERE state <> 1;
