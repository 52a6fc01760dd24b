-- Playback's own copy of what it must know of a video, so that a session starts without asking Content.
CREATE TABLE videos (
    id uuid PRIMARY KEY,
    -- Content's version: a row never goes back to an earlier one.
    version bigint NOT NULL,
    owner_id uuid NOT NULL,
    state text NOT NULL CONSTRAINT videos_state
        CHECK (state IN ('never_published', 'published', 'unpublished', 'blocked', 'deleted')),
    visibility text NOT NULL CONSTRAINT videos_visibility
        CHECK (visibility IN ('public', 'unlisted', 'private')),
    regions_allow text[] NOT NULL,
    regions_deny text[] NOT NULL,
    packaged_prefix text,
    packaged_hls text,
    duration_ms bigint,
    renditions jsonb,
    -- What is published can be played.
    CONSTRAINT videos_media CHECK (
        (state = 'published')
        = (packaged_prefix IS NOT NULL AND packaged_hls IS NOT NULL
            AND duration_ms IS NOT NULL AND renditions IS NOT NULL)
    )
);
