-- The number of a device that takes push messages is never given again: messages that wait know the device by it, and must not
-- go to whoever's device is added next. Identities of this engine never were.
SELECT 1;
