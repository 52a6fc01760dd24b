-- What accounts have subscribed to, and videos for subscribers: Playback's own copies of what decides on them.
CREATE TABLE subscriptions (
    user_id uuid PRIMARY KEY,
    -- Subscription's version: a row never goes back to an earlier one.
    version bigint NOT NULL,
    -- Of the plan; null where the account is entitled to nothing.
    level bigint,
    streams bigint,
    -- Null where no end is known.
    entitled_until timestamptz,
    is_past_due boolean NOT NULL,
    CONSTRAINT subscriptions_entitlements
        CHECK ((level IS NULL) = (streams IS NULL) AND (level IS NOT NULL OR entitled_until IS NULL))
);

ALTER TABLE videos
    -- Of the plan that a video for subscribers asks for.
    ADD COLUMN minimum_plan_level bigint,
    DROP CONSTRAINT videos_visibility,
    ADD CONSTRAINT videos_visibility CHECK (visibility IN ('public', 'unlisted', 'private', 'subscribers')),
    ADD CONSTRAINT videos_plan CHECK ((visibility = 'subscribers') = (minimum_plan_level IS NOT NULL));
