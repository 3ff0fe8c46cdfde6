-- An administrator took away who vouches for somebody: a provider that has checked their address links them no more, until an
-- administrator links them by hand.
ALTER TABLE person ADD COLUMN not_by_address BIGINT NOT NULL DEFAULT 0 CHECK (not_by_address IN (0, 1));
