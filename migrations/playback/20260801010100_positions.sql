-- Where viewers stopped: Redis has it first, this is what survives Redis.
CREATE TABLE positions (
    user_id uuid NOT NULL,
    video_id uuid NOT NULL CONSTRAINT positions_video REFERENCES videos (id),
    position_ms bigint NOT NULL,
    -- The client's time: of two positions the later one counts.
    client_time timestamptz NOT NULL,
    PRIMARY KEY (user_id, video_id)
);

CREATE INDEX positions_newest ON positions (user_id, client_time DESC);
