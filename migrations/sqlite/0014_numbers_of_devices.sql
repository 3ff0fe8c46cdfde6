-- The number of a device that takes push messages is never given again: messages that wait know the device by it, and must not
-- go to whoever's device is added next.
CREATE TABLE push_subscription_numbered (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    person_id  INTEGER NOT NULL REFERENCES person (id),
    endpoint   TEXT NOT NULL UNIQUE,
    p256dh     BLOB NOT NULL,
    auth       BLOB NOT NULL,
    label      TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    used_ms    INTEGER
) STRICT;
INSERT INTO push_subscription_numbered (id, person_id, endpoint, p256dh, auth, label, created_ms, used_ms)
    SELECT id, person_id, endpoint, p256dh, auth, label, created_ms, used_ms FROM push_subscription;
DROP TABLE push_subscription;
ALTER TABLE push_subscription_numbered RENAME TO push_subscription;
CREATE INDEX push_subscription_person ON push_subscription (person_id);
