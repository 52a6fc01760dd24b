-- A POST repeated with the same Idempotency-Key gets its first answer again, for 24 hours.
CREATE TABLE idempotency_keys (
    -- Whose key: the caller and the route.
    scope text NOT NULL,
    key text NOT NULL,
    -- A digest of the first request, to tell a repetition from another request under the same key.
    fingerprint bytea NOT NULL,
    state text NOT NULL DEFAULT 'in_flight' CONSTRAINT idempotency_keys_state
        CHECK (state IN ('in_flight', 'answered')),
    status integer,
    headers jsonb,
    body bytea,
    -- A request that died in flight frees its key at this time.
    locked_until timestamptz NOT NULL,
    expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    PRIMARY KEY (scope, key),
    CONSTRAINT idempotency_keys_answer CHECK ((state = 'answered') = (status IS NOT NULL))
);

CREATE INDEX idempotency_keys_expires_at ON idempotency_keys (expires_at);

-- Forgets expired keys, a bounded batch at a time. Gives how many it forgot; fewer than the bound means
-- that none are left.
CREATE FUNCTION prune_idempotency_keys(at_most integer DEFAULT 10000)
RETURNS bigint LANGUAGE sql AS $$
    WITH pruned AS (
        DELETE FROM idempotency_keys WHERE (scope, key) IN (
            SELECT scope, key FROM idempotency_keys WHERE expires_at < now() LIMIT at_most
        ) RETURNING 1
    )
    SELECT count(*) FROM pruned
$$;
