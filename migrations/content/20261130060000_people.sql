-- Who works on a video beside its owner, and videos that their owners would give to others.
ALTER TABLE videos
    -- {user: role}
    ADD COLUMN collaborators jsonb NOT NULL DEFAULT '{}';

-- The same the other way around: which videos somebody works on.
CREATE TABLE shares (
    user_id uuid NOT NULL,
    video_id uuid NOT NULL CONSTRAINT shares_video REFERENCES videos ON DELETE CASCADE,
    CONSTRAINT shares_pkey PRIMARY KEY (user_id, video_id)
);
CREATE INDEX shares_video_id ON shares (video_id);

-- One at a time of each video; another one takes the place of one that has expired.
CREATE TABLE transfers (
    video_id uuid CONSTRAINT transfers_pkey PRIMARY KEY
        CONSTRAINT transfers_video REFERENCES videos ON DELETE CASCADE,
    from_id uuid NOT NULL,
    to_id uuid NOT NULL,
    offered_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX transfers_from_id ON transfers (from_id);
CREATE INDEX transfers_to_id ON transfers (to_id);
