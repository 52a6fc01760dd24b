-- Who is writing to an upload whose bytes pass through a function: one request at a time, for as long as it says so.
CREATE TABLE writers (
    upload_id uuid CONSTRAINT writers_pkey PRIMARY KEY
        CONSTRAINT writers_upload_id_fkey REFERENCES uploads ON DELETE CASCADE,
    writer_id uuid NOT NULL,
    held_until timestamptz NOT NULL
);
