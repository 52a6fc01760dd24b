-- Domain events wait here, committed with the rows they tell of, until Kafka has them.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    source text NOT NULL,
    time_us bigint NOT NULL,
    traceparent text,
    data bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
)
-- Rows live for milliseconds: the table is small and always changing, so it is vacuumed by count.
WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000);
