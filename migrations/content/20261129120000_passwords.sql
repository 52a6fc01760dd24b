-- Videos that ask for a password. `passwords_version` is the version of the video that the present ones came with.
ALTER TABLE videos
    DROP CONSTRAINT videos_visibility,
    ADD CONSTRAINT videos_visibility
        CHECK (visibility IN ('public', 'unlisted', 'private', 'subscribers', 'password')),
    ADD COLUMN passwords_version bigint,
    ADD CONSTRAINT videos_passwords CHECK ((visibility = 'password') = (passwords_version IS NOT NULL));

-- Apart from the videos, so that no query of these reads them.
CREATE TABLE video_passwords (
    video_id uuid CONSTRAINT video_passwords_pkey PRIMARY KEY
        CONSTRAINT video_passwords_video REFERENCES videos ON DELETE CASCADE,
    version bigint NOT NULL,
    -- Hashes of argon2id, in PHC strings.
    hashes text[] NOT NULL
);
