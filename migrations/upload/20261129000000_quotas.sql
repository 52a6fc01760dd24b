-- How much a creator may have here: what a plan has of it. What is used is counted in `uploads`, and kept nowhere else.
CREATE TABLE plans (
    user_id uuid CONSTRAINT plans_pkey PRIMARY KEY,
    -- Subscription's version: a row never goes back to an earlier one.
    version bigint NOT NULL,
    -- Null where the plan says nothing of it.
    upload_bytes bigint,
    open_uploads bigint,
    -- Null where no end is known.
    entitled_until timestamptz
);

-- All that counting asks for, without a look at the rows.
CREATE INDEX uploads_held ON uploads (owner_id) INCLUDE (state, size_bytes, expires_at)
    WHERE state IN ('waiting', 'uploading', 'verifying', 'initiated', 'processing', 'ready');
