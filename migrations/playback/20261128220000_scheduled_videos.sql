-- Videos that will be published, with when.
ALTER TABLE videos
    ADD COLUMN scheduled_at timestamptz,
    DROP CONSTRAINT videos_state,
    ADD CONSTRAINT videos_state
        CHECK (state IN ('never_published', 'scheduled', 'published', 'unpublished', 'blocked', 'deleted')),
    ADD CONSTRAINT videos_scheduled CHECK ((state = 'scheduled') = (scheduled_at IS NOT NULL));
