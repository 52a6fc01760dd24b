-- What goes with videos as text: captions by their languages, and chapters. Apart from the videos, so that no query of these reads them.
ALTER TABLE videos
    -- Which there are, each with the version of the video that it came with: {captions: {language: version}, chapters: version}
    ADD COLUMN tracks jsonb NOT NULL DEFAULT '{}';

CREATE TABLE captions (
    video_id uuid NOT NULL CONSTRAINT captions_video REFERENCES videos ON DELETE CASCADE,
    -- BCP 47.
    language text NOT NULL,
    version bigint NOT NULL,
    -- A file that was checked.
    webvtt text NOT NULL CONSTRAINT captions_size CHECK (octet_length(webvtt) <= 1048576),
    CONSTRAINT captions_pkey PRIMARY KEY (video_id, language)
);

CREATE TABLE chapters (
    video_id uuid CONSTRAINT chapters_pkey PRIMARY KEY
        CONSTRAINT chapters_video REFERENCES videos ON DELETE CASCADE,
    version bigint NOT NULL,
    -- [{start_ms, title}]
    chapters jsonb NOT NULL
);
