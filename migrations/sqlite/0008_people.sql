-- People, roles, sessions, devices, keys, and the audit trail. Times are epoch milliseconds, UTC. Of whatever opens a door
-- only a hash is kept.

-- login is lower case. password, pin: Argon2id in PHC form. badge_hash: keyed with the site's own secret. version counts
-- changes of what the person may do.
CREATE TABLE person (
    id           INTEGER PRIMARY KEY,
    login        TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    email        TEXT NOT NULL,
    password     TEXT,
    must_change  INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    pin          TEXT,
    badge_hash   BLOB UNIQUE,
    totp         TEXT,
    totp_step    INTEGER NOT NULL,
    oidc_issuer  TEXT,
    oidc_subject TEXT,
    demo         INTEGER NOT NULL CHECK (demo IN (0, 1)),
    disabled     INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    version      INTEGER NOT NULL,
    created_ms   INTEGER NOT NULL,
    seen_ms      INTEGER,
    UNIQUE (oidc_issuer, oidc_subject)
) STRICT;

-- permissions: names separated by spaces.
CREATE TABLE role (
    id          INTEGER PRIMARY KEY,
    code        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    permissions TEXT NOT NULL,
    first_page  TEXT NOT NULL,
    seeded      INTEGER NOT NULL CHECK (seeded IN (0, 1)),
    version     INTEGER NOT NULL
) STRICT;

CREATE TABLE role_part (
    role_id INTEGER NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    part_id INTEGER NOT NULL REFERENCES role (id),
    PRIMARY KEY (role_id, part_id)
) STRICT, WITHOUT ROWID;

-- Neither area nor line: on the whole site.
CREATE TABLE person_role (
    person_id INTEGER NOT NULL REFERENCES person (id),
    role_id   INTEGER NOT NULL REFERENCES role (id),
    area_id   INTEGER REFERENCES area (id),
    line_id   INTEGER REFERENCES line (id),
    CHECK (area_id IS NULL OR line_id IS NULL)
) STRICT;
CREATE INDEX person_role_person ON person_role (person_id);
CREATE INDEX person_role_role ON person_role (role_id);

-- kind: a tablet is shared by people who sign on to it, a wall shows one page to everybody.
CREATE TABLE device (
    id           INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('tablet', 'wall')),
    name         TEXT NOT NULL UNIQUE,
    token_hash   BLOB NOT NULL UNIQUE,
    page         TEXT NOT NULL,
    area_id      INTEGER REFERENCES area (id),
    line_id      INTEGER REFERENCES line (id),
    made_by      TEXT NOT NULL,
    created_ms   INTEGER NOT NULL,
    used_ms      INTEGER,
    revoked_ms   INTEGER,
    CHECK (area_id IS NULL OR line_id IS NULL)
) STRICT;

-- Wrong tries, also for logins that nobody has: an answer does not tell which ones exist. subject: keyed hash of what was
-- tried.
CREATE TABLE attempt (
    subject      BLOB PRIMARY KEY,
    wrong        INTEGER NOT NULL,
    locked_until INTEGER NOT NULL,
    last_ms      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    id_hash    BLOB PRIMARY KEY,
    person_id  INTEGER REFERENCES person (id),
    device_id  INTEGER REFERENCES device (id),
    facts      TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    seen_ms    INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_person ON session (person_id);
CREATE INDEX session_device ON session (device_id);
CREATE INDEX session_expires ON session (expires_ms);

-- prefix: the first letters of the key, to tell keys apart. A key without rows in api_key_line holds for all lines.
CREATE TABLE api_key (
    id          INTEGER PRIMARY KEY,
    source_id   INTEGER NOT NULL,
    prefix      TEXT NOT NULL,
    key_hash    BLOB NOT NULL UNIQUE,
    permissions TEXT NOT NULL,
    made_by     TEXT NOT NULL,
    created_ms  INTEGER NOT NULL,
    expires_ms  INTEGER,
    revoked_ms  INTEGER,
    used_ms     INTEGER
) STRICT;

CREATE TABLE api_key_line (
    key_id  INTEGER NOT NULL REFERENCES api_key (id),
    line_id INTEGER NOT NULL REFERENCES line (id),
    PRIMARY KEY (key_id, line_id)
) STRICT, WITHOUT ROWID;

-- Keys move from senders to a table of their own, so that a sender can have a new one before the old one ends.
INSERT INTO api_key (source_id, prefix, key_hash, permissions, made_by, created_ms)
SELECT id, 'ms5_', key_hash,
       'ingest:write' || CASE WHEN may_backfill = 1 THEN ' ingest:backfill' ELSE '' END
           || CASE WHEN may_configure = 1
              THEN ' production:write line:write shift:write equipment:write ingest:review' ELSE '' END,
       'command line', created_ms
FROM source;
CREATE TABLE sender (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL
) STRICT;
INSERT INTO sender (id, name, created_ms) SELECT id, name, created_ms FROM source;
DROP TABLE source;
ALTER TABLE sender RENAME TO source;

-- Each row's hash covers the row and the hash before it. actor: as it was called then.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY,
    at_ms      INTEGER NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id   INTEGER,
    actor      TEXT NOT NULL,
    device     TEXT NOT NULL,
    address    TEXT NOT NULL,
    action     TEXT NOT NULL,
    target     TEXT NOT NULL,
    was        TEXT NOT NULL,
    became     TEXT NOT NULL,
    why        TEXT NOT NULL,
    request    TEXT NOT NULL,
    hash       BLOB NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at_ms);
CREATE INDEX audit_action ON audit (action, seq);
CREATE INDEX audit_target ON audit (target, seq);
