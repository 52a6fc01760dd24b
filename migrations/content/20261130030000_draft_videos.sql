-- Videos that are there before their files: drafts, of which an owner may have so many. They have no upload until they get one.
ALTER TABLE videos
    ALTER COLUMN upload_id DROP NOT NULL,
    DROP CONSTRAINT videos_state,
    DROP CONSTRAINT videos_held_state,
    DROP CONSTRAINT videos_publish_at,
    ADD CONSTRAINT videos_state CHECK (
        state IN ('draft', 'processing', 'ready', 'published', 'unpublished', 'failed', 'blocked', 'deleted')
    ),
    ADD CONSTRAINT videos_held_state
        CHECK (held_state IN ('draft', 'processing', 'ready', 'published', 'unpublished', 'failed')),
    ADD CONSTRAINT videos_publish_at CHECK (
        publish_at IS NULL OR coalesce(held_state, state) IN ('draft', 'processing', 'ready', 'unpublished')
    ),
    ADD CONSTRAINT videos_upload CHECK (upload_id IS NOT NULL OR purged OR coalesce(held_state, state) = 'draft');

-- How many drafts an owner has.
CREATE INDEX videos_drafts ON videos (owner_id) WHERE coalesce(held_state, state) = 'draft';
