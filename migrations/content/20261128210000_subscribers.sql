-- Videos for subscribers: who has their link sees them, who has the plan plays them. Search goes on to show what is public.
ALTER TABLE videos
    -- Of the plan that one must have.
    ADD COLUMN minimum_plan_level bigint CONSTRAINT videos_minimum_plan_level CHECK (minimum_plan_level BETWEEN 1 AND 100),
    DROP CONSTRAINT videos_visibility,
    ADD CONSTRAINT videos_visibility CHECK (visibility IN ('public', 'unlisted', 'private', 'subscribers')),
    ADD CONSTRAINT videos_plan CHECK ((visibility = 'subscribers') = (minimum_plan_level IS NOT NULL));
