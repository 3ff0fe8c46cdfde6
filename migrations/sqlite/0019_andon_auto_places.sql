-- By what machines call by themselves: at all of them, at those of a line, or at one. The number of a rule that was removed is
-- never given again: calls bear it in the name of who raised them.
CREATE TABLE andon_auto_numbered (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    is_on      INTEGER NOT NULL CHECK (is_on IN (0, 1)),
    evidence   TEXT NOT NULL,
    kind       INTEGER NOT NULL,
    priority   INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    line_id    INTEGER REFERENCES line (id),
    machine_id INTEGER REFERENCES machine (id),
    CHECK (line_id IS NULL OR machine_id IS NULL)
) STRICT;
INSERT INTO andon_auto_numbered (id, is_on, evidence, kind, priority, version)
    SELECT id, is_on, evidence, kind, priority, version FROM andon_auto;
DROP TABLE andon_auto;
ALTER TABLE andon_auto_numbered RENAME TO andon_auto;
