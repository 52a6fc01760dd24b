-- Tokens by which somebody without an account may send one upload: of each its SHA-256, and for how long. An upload has one at most.
CREATE TABLE upload_tokens (
    upload_id uuid CONSTRAINT upload_tokens_pkey PRIMARY KEY
        CONSTRAINT upload_tokens_upload_id_fkey REFERENCES uploads ON DELETE CASCADE,
    digest bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
