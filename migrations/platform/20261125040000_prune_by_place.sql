-- Functions in SQL are planned without their arguments: Postgres expected to delete much of a large table, and read all of
-- it for a few rows. These are planned for what they are given, and delete by the rows' places.
CREATE OR REPLACE FUNCTION prune_inbox(older_than interval DEFAULT '14 days', at_most integer DEFAULT 10000)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    pruned bigint;
BEGIN
    EXECUTE 'DELETE FROM inbox WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM inbox WHERE consumed_at < $1 ORDER BY consumed_at LIMIT $2))'
    USING now() - older_than, at_most;
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN pruned;
END
$$;

CREATE OR REPLACE FUNCTION prune_idempotency_keys(at_most integer DEFAULT 10000)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    pruned bigint;
BEGIN
    EXECUTE 'DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM idempotency_keys WHERE expires_at < $1 ORDER BY expires_at LIMIT $2))'
    USING now(), at_most;
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN pruned;
END
$$;
