-- What creators say of videos before these are there.
CREATE TABLE drafts (
    id uuid CONSTRAINT drafts_pkey PRIMARY KEY,
    owner_id uuid NOT NULL,
    version bigint NOT NULL,
    -- An upload has one draft at most, and is forgotten without it.
    upload_id uuid CONSTRAINT drafts_upload_id_key UNIQUE
        CONSTRAINT drafts_upload_id_fkey REFERENCES uploads ON DELETE SET NULL,
    -- {title, description, tags, category, language, visibility, publish_at}: as it was written, however little.
    draft jsonb NOT NULL,
    -- When this version was submitted; null since it was changed.
    submitted_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE INDEX drafts_owner ON drafts (owner_id, id);
