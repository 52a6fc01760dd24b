-- The keys that sign playback URLs, beside those of the configuration. What each is for follows from its times alone.
CREATE TABLE signing_keys (
    -- One more than the last: of two who rotate at once, one is refused.
    sequence bigint PRIMARY KEY,
    kid text NOT NULL,
    -- Sealed with a key that is not in this database. Null of a key of the configuration, which is here to be revoked.
    sealed_secret bytea,
    published_at timestamptz NOT NULL,
    signs_from timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT signing_keys_kid UNIQUE (kid),
    CONSTRAINT signing_keys_configured CHECK (sealed_secret IS NOT NULL OR revoked_at IS NOT NULL),
    CONSTRAINT signing_keys_times CHECK (signs_from >= published_at)
);
