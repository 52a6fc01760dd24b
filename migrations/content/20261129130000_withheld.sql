-- Videos that are kept back: by a decision on them, or because of their owner's account. They show the state `blocked`, and keep what they are
-- beneath, so that search, whose indexes have what is published, knows nothing of it.
ALTER TABLE videos
    -- The state beneath, where it is kept back.
    ADD COLUMN held_state text CONSTRAINT videos_held_state
        CHECK (held_state IN ('processing', 'ready', 'published', 'unpublished', 'failed')),
    ADD COLUMN decision_version bigint,
    ADD COLUMN decided_to_block boolean,
    ADD COLUMN withheld_by_account boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT videos_state,
    DROP CONSTRAINT videos_media,
    DROP CONSTRAINT videos_failure,
    DROP CONSTRAINT videos_first_published,
    DROP CONSTRAINT videos_published_title,
    DROP CONSTRAINT videos_publish_at,
    ADD CONSTRAINT videos_state
        CHECK (state IN ('processing', 'ready', 'published', 'unpublished', 'failed', 'blocked')),
    ADD CONSTRAINT videos_decision CHECK ((decision_version IS NULL) = (decided_to_block IS NULL)),
    ADD CONSTRAINT videos_withheld
        CHECK ((state = 'blocked') = (withheld_by_account OR coalesce(decided_to_block, false))),
    ADD CONSTRAINT videos_held CHECK ((state = 'blocked') = (held_state IS NOT NULL)),
    ADD CONSTRAINT videos_media
        CHECK ((media IS NOT NULL) = (coalesce(held_state, state) IN ('ready', 'published', 'unpublished'))),
    ADD CONSTRAINT videos_failure CHECK ((failure_code IS NOT NULL) = (coalesce(held_state, state) = 'failed')),
    ADD CONSTRAINT videos_first_published
        CHECK ((first_published_at IS NOT NULL) = (coalesce(held_state, state) IN ('published', 'unpublished'))),
    ADD CONSTRAINT videos_published_title CHECK (coalesce(held_state, state) <> 'published' OR title IS NOT NULL),
    ADD CONSTRAINT videos_publish_at
        CHECK (publish_at IS NULL OR coalesce(held_state, state) IN ('processing', 'ready', 'unpublished'));

-- Whose videos are shown: what is known of each account, also before it has any.
CREATE TABLE owners (
    owner_id uuid CONSTRAINT owners_pkey PRIMARY KEY,
    -- Auth's version: a row never goes back to an earlier one.
    version bigint NOT NULL,
    is_active boolean NOT NULL
);
