-- Who took a call in its present round and gave it back, the last one.
ALTER TABLE andon_call ADD COLUMN handed_back_ms INTEGER;
ALTER TABLE andon_call ADD COLUMN handed_back_by TEXT;
-- The shared tablet that raised it while nobody was signed on there.
ALTER TABLE andon_call ADD COLUMN raised_device INTEGER REFERENCES device (id);

-- The last test of a channel to each receiver: the name of a program in the settings, the number of a browser for push, else
-- person/ and the number of whoever had it sent to themselves. said: what the receiver said, or why it did not take it.
CREATE TABLE channel_test (
    channel  TEXT NOT NULL,
    receiver TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    by_whom  TEXT NOT NULL,
    taken    INTEGER NOT NULL CHECK (taken IN (0, 1)),
    said     TEXT NOT NULL,
    PRIMARY KEY (channel, receiver)
) STRICT, WITHOUT ROWID;
