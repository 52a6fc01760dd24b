-- Images of videos. Those that the pipeline made stand in `media`; of those that owners have sent the video knows too, and so no query of
-- videos reads another table.
ALTER TABLE videos
    -- {own: [{id, key, content_type, width, height}], selected: id}
    ADD COLUMN thumbnails jsonb NOT NULL DEFAULT '{}';

-- Images that owners are about to send.
CREATE TABLE thumbnail_uploads (
    id uuid CONSTRAINT thumbnail_uploads_pkey PRIMARY KEY,
    video_id uuid NOT NULL CONSTRAINT thumbnail_uploads_video REFERENCES videos ON DELETE CASCADE,
    content_type text NOT NULL,
    size_bytes bigint NOT NULL CONSTRAINT thumbnail_uploads_size CHECK (size_bytes BETWEEN 1 AND 2097152),
    -- Base64.
    checksum_sha256 text NOT NULL,
    -- From then on it is not waited for any more.
    expires_at timestamptz NOT NULL
);

CREATE INDEX thumbnail_uploads_of_video ON thumbnail_uploads (video_id);
