-- The pipeline's last word on a video can overtake the upload that makes the video: topics have no order between them. It waits here.
CREATE TABLE early_outcomes (
    video_id uuid CONSTRAINT early_outcomes_pkey PRIMARY KEY,
    -- {"completed": {duration_ms, renditions, packaged}} or {"failed": code}
    outcome jsonb NOT NULL,
    received_at timestamptz NOT NULL
);
