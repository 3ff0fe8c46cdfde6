-- The id that a session had before, and when it got its present one: what was under way then still carries the old one.
ALTER TABLE session ADD COLUMN old_hash BYTEA;
ALTER TABLE session ADD COLUMN moved_ms BIGINT;
CREATE INDEX session_old ON session (old_hash);
