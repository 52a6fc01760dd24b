-- What owners have said of videos before these were there: the last word, of whichever draft it was.
CREATE TABLE drafts (
    video_id uuid CONSTRAINT drafts_pkey PRIMARY KEY,
    owner_id uuid NOT NULL,
    -- When it was submitted: of two the later one counts.
    submitted_at timestamptz NOT NULL,
    -- {title, description, tags, category, language, visibility, publish_at}
    draft jsonb NOT NULL
);

CREATE INDEX drafts_owner ON drafts (owner_id);

-- A publication can be planned while the pipeline is still at work. Its timer is set when the video is ready.
ALTER TABLE videos
    DROP CONSTRAINT videos_publish_at,
    ADD CONSTRAINT videos_publish_at CHECK (publish_at IS NULL OR state IN ('processing', 'ready', 'unpublished'));
