-- Messages on their way to people, and by what people are reached. Times are epoch milliseconds, UTC.

-- A message to one address over one channel, written with whatever causes it. uid: what receivers know it by, the same at
-- every attempt. key: what it is; a second one under the same key is not added. address: of mail, a phone number, the name of
-- a receiver in the settings, or the number of a push_subscription. call_id, step: what it is about, if it is about a call.
-- due_ms: when it was to go out; next_ms: when it is tried next. Until lease_until somebody is trying. touched_ms: when the
-- row was last written by the worker's clock; one from the future tells that the clock was set back. error: of the last
-- attempt, in words.
CREATE TABLE delivery (
    id          INTEGER PRIMARY KEY,
    uid         TEXT NOT NULL UNIQUE,
    key         TEXT NOT NULL UNIQUE,
    channel     TEXT NOT NULL,
    person_id   INTEGER REFERENCES person (id),
    address     TEXT NOT NULL,
    title       TEXT NOT NULL,
    body        TEXT NOT NULL,
    link        TEXT NOT NULL,
    urgency     TEXT NOT NULL CHECK (urgency IN ('low', 'normal', 'high')),
    call_id     INTEGER,
    step        INTEGER,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'void')),
    attempts    INTEGER NOT NULL,
    queued_ms   INTEGER NOT NULL,
    due_ms      INTEGER NOT NULL,
    next_ms     INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    touched_ms  INTEGER NOT NULL,
    sent_ms     INTEGER,
    error       TEXT NOT NULL
) STRICT;
CREATE INDEX delivery_waiting ON delivery (channel, address, next_ms) WHERE state = 'waiting';
CREATE INDEX delivery_call ON delivery (call_id, id);
CREATE INDEX delivery_person ON delivery (person_id, due_ms);
CREATE INDEX delivery_channel ON delivery (channel, state, id);

-- outcome: begun until it is known; lost when whoever tried was gone before that.
CREATE TABLE delivery_attempt (
    delivery_id INTEGER NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    took_ms     INTEGER,
    outcome     TEXT NOT NULL CHECK (outcome IN ('begun', 'sent', 'later', 'failed', 'lost')),
    detail      TEXT NOT NULL,
    PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;

-- A browser that shows messages to a person. endpoint: where they are posted to; who knows it can only annoy, as its messages
-- are sealed for p256dh and auth and signed by the site. label: what the person calls the device.
CREATE TABLE push_subscription (
    id         INTEGER PRIMARY KEY,
    person_id  INTEGER NOT NULL REFERENCES person (id),
    endpoint   TEXT NOT NULL UNIQUE,
    p256dh     BLOB NOT NULL,
    auth       BLOB NOT NULL,
    label      TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    used_ms    INTEGER
) STRICT;
CREATE INDEX push_subscription_person ON push_subscription (person_id);

-- The number at which somebody takes text messages and calls.
CREATE TABLE person_phone (
    person_id INTEGER PRIMARY KEY REFERENCES person (id),
    number    TEXT NOT NULL
) STRICT;
