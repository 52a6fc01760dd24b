-- Kafka delivers at least once: a consumer records here, with its effect, which events it has applied.
CREATE TABLE inbox (
    component text NOT NULL,
    event_id text NOT NULL,
    consumed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (component, event_id)
);

CREATE INDEX inbox_consumed_at ON inbox (consumed_at);

-- Forgets events so old that Kafka no longer holds them (its retention is 7 days), a bounded batch at a
-- time. Gives how many it forgot; fewer than the bound means that none are left.
CREATE FUNCTION prune_inbox(older_than interval DEFAULT '14 days', at_most integer DEFAULT 10000)
RETURNS bigint LANGUAGE sql AS $$
    WITH pruned AS (
        DELETE FROM inbox WHERE (component, event_id) IN (
            SELECT component, event_id FROM inbox WHERE consumed_at < now() - older_than LIMIT at_most
        ) RETURNING 1
    )
    SELECT count(*) FROM pruned
$$;
