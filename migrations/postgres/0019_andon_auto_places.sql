-- By what machines call by themselves: at all of them, at those of a line, or at one. The number of a rule that was removed is
-- never given again: calls bear it in the name of who raised them.
ALTER TABLE andon_auto ADD COLUMN line_id BIGINT REFERENCES line (id);
ALTER TABLE andon_auto ADD COLUMN machine_id BIGINT REFERENCES machine (id);
ALTER TABLE andon_auto ADD CHECK (line_id IS NULL OR machine_id IS NULL);
