-- Who took a call in its present round and gave it back, the last one.
ALTER TABLE andon_call ADD COLUMN handed_back_ms BIGINT;
ALTER TABLE andon_call ADD COLUMN handed_back_by TEXT;
-- The shared tablet that raised it while nobody was signed on there.
ALTER TABLE andon_call ADD COLUMN raised_device BIGINT REFERENCES device (id);
