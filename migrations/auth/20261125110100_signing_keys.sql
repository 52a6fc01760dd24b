-- The keys that sign access tokens. What each is for follows from its times alone.
CREATE TABLE signing_keys (
    -- One more than the last: of two who rotate at once, one is refused.
    sequence bigint PRIMARY KEY,
    kid text NOT NULL,
    public_key bytea NOT NULL,
    -- Sealed with a key that is not in this database.
    sealed_private_key bytea NOT NULL,
    published_at timestamptz NOT NULL,
    signs_from timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT signing_keys_kid UNIQUE (kid),
    CONSTRAINT signing_keys_public_key CHECK (octet_length(public_key) = 32),
    CONSTRAINT signing_keys_times CHECK (signs_from >= published_at)
);
