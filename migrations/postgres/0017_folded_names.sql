-- Who and what on the audit trail as it is searched, whatever case somebody types: written by the program, since the engines
-- fold letters differently. The hash of a row covers the names themselves, not these. NULL: a row of an older program, which
-- is filled in at the next start.
ALTER TABLE audit ADD COLUMN actor_folded TEXT;
ALTER TABLE audit ADD COLUMN target_folded TEXT;
CREATE INDEX audit_not_folded ON audit (seq) WHERE actor_folded IS NULL;
