-- People, roles, sessions, devices, keys, and the audit trail. Times are epoch milliseconds, UTC. Of whatever opens a door
-- only a hash is kept.

-- login is lower case. password, pin: Argon2id in PHC form. badge_hash: keyed with the site's own secret. version counts
-- changes of what the person may do.
CREATE TABLE person (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login        TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    email        TEXT NOT NULL,
    password     TEXT,
    must_change  BIGINT NOT NULL CHECK (must_change IN (0, 1)),
    pin          TEXT,
    badge_hash   BYTEA UNIQUE,
    totp         TEXT,
    totp_step    BIGINT NOT NULL,
    oidc_issuer  TEXT,
    oidc_subject TEXT,
    demo         BIGINT NOT NULL CHECK (demo IN (0, 1)),
    disabled     BIGINT NOT NULL CHECK (disabled IN (0, 1)),
    version      BIGINT NOT NULL,
    created_ms   BIGINT NOT NULL,
    seen_ms      BIGINT,
    UNIQUE (oidc_issuer, oidc_subject)
);

-- permissions: names separated by spaces.
CREATE TABLE role (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    permissions TEXT NOT NULL,
    first_page  TEXT NOT NULL,
    seeded      BIGINT NOT NULL CHECK (seeded IN (0, 1)),
    version     BIGINT NOT NULL
);

CREATE TABLE role_part (
    role_id BIGINT NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    part_id BIGINT NOT NULL REFERENCES role (id),
    PRIMARY KEY (role_id, part_id)
);

-- Neither area nor line: on the whole site.
CREATE TABLE person_role (
    person_id BIGINT NOT NULL REFERENCES person (id),
    role_id   BIGINT NOT NULL REFERENCES role (id),
    area_id   BIGINT REFERENCES area (id),
    line_id   BIGINT REFERENCES line (id),
    CHECK (area_id IS NULL OR line_id IS NULL)
);
CREATE INDEX person_role_person ON person_role (person_id);
CREATE INDEX person_role_role ON person_role (role_id);

-- kind: a tablet is shared by people who sign on to it, a wall shows one page to everybody.
CREATE TABLE device (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('tablet', 'wall')),
    name         TEXT NOT NULL UNIQUE,
    token_hash   BYTEA NOT NULL UNIQUE,
    page         TEXT NOT NULL,
    area_id      BIGINT REFERENCES area (id),
    line_id      BIGINT REFERENCES line (id),
    made_by      TEXT NOT NULL,
    created_ms   BIGINT NOT NULL,
    used_ms      BIGINT,
    revoked_ms   BIGINT,
    CHECK (area_id IS NULL OR line_id IS NULL)
);

-- Wrong tries, also for logins that nobody has: an answer does not tell which ones exist. subject: keyed hash of what was
-- tried.
CREATE TABLE attempt (
    subject      BYTEA PRIMARY KEY,
    wrong        BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    last_ms      BIGINT NOT NULL
);

CREATE TABLE session (
    id_hash    BYTEA PRIMARY KEY,
    person_id  BIGINT REFERENCES person (id),
    device_id  BIGINT REFERENCES device (id),
    facts      TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    seen_ms    BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL
);
CREATE INDEX session_person ON session (person_id);
CREATE INDEX session_device ON session (device_id);
CREATE INDEX session_expires ON session (expires_ms);

-- prefix: the first letters of the key, to tell keys apart. A key without rows in api_key_line holds for all lines.
CREATE TABLE api_key (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id   BIGINT NOT NULL,
    prefix      TEXT NOT NULL,
    key_hash    BYTEA NOT NULL UNIQUE,
    permissions TEXT NOT NULL,
    made_by     TEXT NOT NULL,
    created_ms  BIGINT NOT NULL,
    expires_ms  BIGINT,
    revoked_ms  BIGINT,
    used_ms     BIGINT
);

CREATE TABLE api_key_line (
    key_id  BIGINT NOT NULL REFERENCES api_key (id),
    line_id BIGINT NOT NULL REFERENCES line (id),
    PRIMARY KEY (key_id, line_id)
);

-- Keys move from senders to a table of their own, so that a sender can have a new one before the old one ends.
INSERT INTO api_key (source_id, prefix, key_hash, permissions, made_by, created_ms)
SELECT id, 'ms5_', key_hash,
       'ingest:write' || CASE WHEN may_backfill = 1 THEN ' ingest:backfill' ELSE '' END
           || CASE WHEN may_configure = 1
              THEN ' production:write line:write shift:write equipment:write ingest:review' ELSE '' END,
       'command line', created_ms
FROM source;
ALTER TABLE source DROP COLUMN key_hash;
ALTER TABLE source DROP COLUMN may_backfill;
ALTER TABLE source DROP COLUMN may_configure;

-- Each row's hash covers the row and the hash before it. actor: as it was called then.
CREATE TABLE audit (
    seq        BIGINT PRIMARY KEY,
    at_ms      BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id   BIGINT,
    actor      TEXT NOT NULL,
    device     TEXT NOT NULL,
    address    TEXT NOT NULL,
    action     TEXT NOT NULL,
    target     TEXT NOT NULL,
    was        TEXT NOT NULL,
    became     TEXT NOT NULL,
    why        TEXT NOT NULL,
    request    TEXT NOT NULL,
    hash       BYTEA NOT NULL
);
CREATE INDEX audit_at ON audit (at_ms);
CREATE INDEX audit_action ON audit (action, seq);
CREATE INDEX audit_target ON audit (target, seq);
