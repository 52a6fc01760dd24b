-- Uploads: what was declared, where its bytes go, and what became of it.
CREATE TABLE uploads (
    id uuid CONSTRAINT uploads_pkey PRIMARY KEY,
    owner_id uuid NOT NULL,
    -- The video that it becomes: known from the start, so that its owner can wait for it.
    video_id uuid NOT NULL CONSTRAINT uploads_video_id_key UNIQUE,
    version bigint NOT NULL,
    region text NOT NULL,
    bucket text NOT NULL,
    object_key text NOT NULL,
    file_name text NOT NULL,
    size_bytes bigint NOT NULL CONSTRAINT uploads_size_bytes CHECK (size_bytes > 0),
    content_type text NOT NULL,
    checksum_sha256 text,
    -- Null where the file goes in one piece.
    part_size_bytes bigint,
    -- The store's id of the multipart upload, once there is one.
    multipart_id text,
    multipart_checksummed boolean NOT NULL DEFAULT false,
    state text NOT NULL CONSTRAINT uploads_state CHECK (state IN (
        'waiting', 'uploading', 'verifying', 'initiated', 'processing', 'ready', 'failed', 'cancelled', 'expired'
    )),
    initiated_at timestamptz,
    progress_percent integer,
    failure_code text,
    -- Whether the store is known to hold nothing more of an upload that came to nothing.
    released boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT uploads_multipart CHECK (multipart_id IS NULL OR part_size_bytes IS NOT NULL),
    CONSTRAINT uploads_initiated CHECK (
        state NOT IN ('initiated', 'processing', 'ready') OR initiated_at IS NOT NULL
    ),
    CONSTRAINT uploads_failed CHECK ((state = 'failed') = (failure_code IS NOT NULL))
);

CREATE INDEX uploads_owner_id_created_at ON uploads (owner_id, created_at DESC, id DESC);
