-- When a video is to be published by itself. Its timer is committed with it.
ALTER TABLE videos
    ADD COLUMN publish_at timestamptz,
    ADD CONSTRAINT videos_publish_at CHECK (publish_at IS NULL OR state IN ('ready', 'unpublished'));
