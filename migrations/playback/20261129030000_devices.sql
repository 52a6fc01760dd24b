-- What accounts play on: Redis has it first, this is what survives Redis.
CREATE TABLE devices (
    user_id uuid NOT NULL,
    -- As its player names it.
    device_id text NOT NULL,
    -- As people call it.
    name text,
    -- To the day.
    last_started_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, device_id)
);

-- How many an account may have; null where its plan does not say.
ALTER TABLE subscriptions ADD COLUMN devices bigint;
