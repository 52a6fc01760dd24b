-- Videos that ask for a password: which ones, by the version of the video that they came with.
ALTER TABLE videos
    DROP CONSTRAINT videos_visibility,
    ADD CONSTRAINT videos_visibility
        CHECK (visibility IN ('public', 'unlisted', 'private', 'subscribers', 'password')),
    ADD COLUMN passwords_version bigint,
    ADD CONSTRAINT videos_passwords CHECK ((visibility = 'password') = (passwords_version IS NOT NULL));
