-- What the migrations of upload make. Generated: see scripts/generate.

CREATE SCHEMA upload;

CREATE FUNCTION upload.prune_idempotency_keys(at_most integer DEFAULT 10000) RETURNS bigint
    LANGUAGE plpgsql
    AS $_$
DECLARE
    pruned bigint;
BEGIN
    EXECUTE 'DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM idempotency_keys WHERE expires_at < $1 ORDER BY expires_at LIMIT $2))'
    USING now(), at_most;
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN pruned;
END
$_$;

CREATE FUNCTION upload.prune_inbox(older_than interval DEFAULT '14 days'::interval, at_most integer DEFAULT 10000) RETURNS bigint
    LANGUAGE plpgsql
    AS $_$
DECLARE
    pruned bigint;
BEGIN
    EXECUTE 'DELETE FROM inbox WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM inbox WHERE consumed_at < $1 ORDER BY consumed_at LIMIT $2))'
    USING now() - older_than, at_most;
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN pruned;
END
$_$;

CREATE TABLE upload.drafts (
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    version bigint NOT NULL,
    upload_id uuid,
    draft jsonb NOT NULL,
    submitted_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

CREATE TABLE upload.handovers (
    video_id uuid NOT NULL,
    version bigint NOT NULL
);

CREATE TABLE upload.idempotency_keys (
    scope text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    state text DEFAULT 'in_flight'::text NOT NULL,
    status integer,
    headers jsonb,
    body bytea,
    locked_until timestamp with time zone NOT NULL,
    expires_at timestamp with time zone DEFAULT (now() + '24:00:00'::interval) NOT NULL,
    CONSTRAINT idempotency_keys_answer CHECK (((state = 'answered'::text) = (status IS NOT NULL))),
    CONSTRAINT idempotency_keys_state CHECK ((state = ANY (ARRAY['in_flight'::text, 'answered'::text])))
);

CREATE TABLE upload.inbox (
    component text NOT NULL,
    event_id text NOT NULL,
    consumed_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE upload.outbox (
    id bigint NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    source text NOT NULL,
    time_us bigint NOT NULL,
    traceparent text,
    data bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    tracestate text
)
WITH (autovacuum_vacuum_scale_factor='0.0', autovacuum_vacuum_threshold='2000');

ALTER TABLE upload.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME upload.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE upload.plans (
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    upload_bytes bigint,
    open_uploads bigint,
    entitled_until timestamp with time zone
);

CREATE TABLE upload.pulls (
    upload_id uuid NOT NULL,
    source_url text,
    etag text,
    last_modified text,
    pulled_bytes bigint DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL
);

CREATE TABLE upload.timers (
    event_id text NOT NULL,
    component text NOT NULL,
    key text NOT NULL,
    type text NOT NULL,
    source text NOT NULL,
    traceparent text,
    data jsonb NOT NULL,
    due_at timestamp with time zone NOT NULL,
    ready_at timestamp with time zone NOT NULL,
    deliveries bigint DEFAULT 0 NOT NULL,
    refused text,
    tracestate text
);

CREATE TABLE upload.upload_tokens (
    upload_id uuid NOT NULL,
    digest bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE upload.uploads (
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    video_id uuid NOT NULL,
    version bigint NOT NULL,
    region text NOT NULL,
    bucket text NOT NULL,
    object_key text NOT NULL,
    file_name text NOT NULL,
    size_bytes bigint NOT NULL,
    content_type text NOT NULL,
    checksum_sha256 text,
    part_size_bytes bigint,
    multipart_id text,
    multipart_checksummed boolean DEFAULT false NOT NULL,
    state text NOT NULL,
    initiated_at timestamp with time zone,
    progress_percent integer,
    failure_code text,
    released boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    protection text DEFAULT 'none'::text NOT NULL,
    replaces boolean DEFAULT false NOT NULL,
    CONSTRAINT uploads_failed CHECK (((state = 'failed'::text) = (failure_code IS NOT NULL))),
    CONSTRAINT uploads_initiated CHECK (((state <> ALL (ARRAY['initiated'::text, 'processing'::text, 'ready'::text])) OR (initiated_at IS NOT NULL))),
    CONSTRAINT uploads_multipart CHECK (((multipart_id IS NULL) OR (part_size_bytes IS NOT NULL))),
    CONSTRAINT uploads_protection CHECK ((protection = ANY (ARRAY['none'::text, 'cenc'::text]))),
    CONSTRAINT uploads_size_bytes CHECK ((size_bytes > 0)),
    CONSTRAINT uploads_state CHECK ((state = ANY (ARRAY['waiting'::text, 'uploading'::text, 'verifying'::text, 'initiated'::text, 'processing'::text, 'ready'::text, 'failed'::text, 'cancelled'::text, 'expired'::text, 'purged'::text])))
);

CREATE TABLE upload.writers (
    upload_id uuid NOT NULL,
    writer_id uuid NOT NULL,
    held_until timestamp with time zone NOT NULL
);

ALTER TABLE ONLY upload.drafts
    ADD CONSTRAINT drafts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY upload.drafts
    ADD CONSTRAINT drafts_upload_id_key UNIQUE (upload_id);

ALTER TABLE ONLY upload.handovers
    ADD CONSTRAINT handovers_pkey PRIMARY KEY (video_id);

ALTER TABLE ONLY upload.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (scope, key);

ALTER TABLE ONLY upload.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (component, event_id);

ALTER TABLE ONLY upload.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY upload.plans
    ADD CONSTRAINT plans_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY upload.pulls
    ADD CONSTRAINT pulls_pkey PRIMARY KEY (upload_id);

ALTER TABLE ONLY upload.timers
    ADD CONSTRAINT timers_component_key UNIQUE (component, key);

ALTER TABLE ONLY upload.timers
    ADD CONSTRAINT timers_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY upload.upload_tokens
    ADD CONSTRAINT upload_tokens_pkey PRIMARY KEY (upload_id);

ALTER TABLE ONLY upload.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (id);

ALTER TABLE ONLY upload.writers
    ADD CONSTRAINT writers_pkey PRIMARY KEY (upload_id);

CREATE INDEX drafts_owner ON upload.drafts USING btree (owner_id, id);

CREATE INDEX idempotency_keys_expires_at ON upload.idempotency_keys USING btree (expires_at);

CREATE INDEX inbox_consumed_at ON upload.inbox USING btree (consumed_at);

CREATE INDEX timers_ready_at ON upload.timers USING btree (ready_at) WHERE (refused IS NULL);

CREATE INDEX uploads_held ON upload.uploads USING btree (owner_id) INCLUDE (state, size_bytes, expires_at) WHERE (state = ANY (ARRAY['waiting'::text, 'uploading'::text, 'verifying'::text, 'initiated'::text, 'processing'::text, 'ready'::text]));

CREATE UNIQUE INDEX uploads_original ON upload.uploads USING btree (video_id) WHERE ((NOT replaces) AND ((initiated_at IS NOT NULL) OR (state = ANY (ARRAY['waiting'::text, 'uploading'::text, 'verifying'::text]))));

CREATE INDEX uploads_owner_id_created_at ON upload.uploads USING btree (owner_id, created_at DESC, id DESC);

CREATE UNIQUE INDEX uploads_replacement ON upload.uploads USING btree (video_id) WHERE (replaces AND (state = ANY (ARRAY['waiting'::text, 'uploading'::text, 'verifying'::text, 'initiated'::text, 'processing'::text])));

CREATE INDEX uploads_video_id ON upload.uploads USING btree (video_id);

ALTER TABLE ONLY upload.drafts
    ADD CONSTRAINT drafts_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES upload.uploads(id) ON DELETE SET NULL;

ALTER TABLE ONLY upload.pulls
    ADD CONSTRAINT pulls_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES upload.uploads(id) ON DELETE CASCADE;

ALTER TABLE ONLY upload.upload_tokens
    ADD CONSTRAINT upload_tokens_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES upload.uploads(id) ON DELETE CASCADE;

ALTER TABLE ONLY upload.writers
    ADD CONSTRAINT writers_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES upload.uploads(id) ON DELETE CASCADE;

GRANT USAGE ON SCHEMA upload TO mcsp_upload;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload.drafts TO mcsp_upload;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload.handovers TO mcsp_upload;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload.idempotency_keys TO mcsp_upload;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload.inbox TO mcsp_upload;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload.outbox TO mcsp_upload;

GRANT SELECT,USAGE ON SEQUENCE upload.outbox_id_seq TO mcsp_upload;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload.plans TO mcsp_upload;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload.pulls TO mcsp_upload;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload.timers TO mcsp_upload;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload.upload_tokens TO mcsp_upload;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload.uploads TO mcsp_upload;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload.writers TO mcsp_upload;
