-- Uploads whose bytes the platform fetches from where they are: from where, by what the file is known to be the same, and how far that is.
CREATE TABLE pulls (
    upload_id uuid CONSTRAINT pulls_pkey PRIMARY KEY
        CONSTRAINT pulls_upload_id_fkey REFERENCES uploads ON DELETE CASCADE,
    -- It may hold a secret, and is forgotten once nothing more is fetched.
    source_url text,
    etag text,
    last_modified text,
    pulled_bytes bigint NOT NULL DEFAULT 0,
    -- How often in a row the source gave nothing.
    failures integer NOT NULL DEFAULT 0
);
