-- Videos that their owners have deleted: they show the state `deleted`, and keep what they are beneath for as long as they can be had back. Of
-- one that is purged the row stays, so that no late event makes it anew.
ALTER TABLE videos
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN purged boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT videos_state,
    DROP CONSTRAINT videos_withheld,
    DROP CONSTRAINT videos_held,
    ADD CONSTRAINT videos_state
        CHECK (state IN ('processing', 'ready', 'published', 'unpublished', 'failed', 'blocked', 'deleted')),
    ADD CONSTRAINT videos_deleted CHECK ((state = 'deleted') = (deleted_at IS NOT NULL)),
    ADD CONSTRAINT videos_withheld CHECK (
        (state = 'blocked') = (deleted_at IS NULL AND (withheld_by_account OR coalesce(decided_to_block, false)))
    ),
    ADD CONSTRAINT videos_held CHECK ((state IN ('blocked', 'deleted')) = (held_state IS NOT NULL)),
    ADD CONSTRAINT videos_purged
        CHECK (NOT purged OR (deleted_at IS NOT NULL AND media IS NULL AND title IS NULL AND description = ''));
