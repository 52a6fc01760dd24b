-- What the migrations of content make. Generated: see scripts/generate.

CREATE SCHEMA content;

CREATE FUNCTION content.near_words(words tsvector) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ARRAY(SELECT DISTINCT ("left"(unnest.lexeme, place.place) || substr(unnest.lexeme, (place.place + 2))) FROM unnest(near_words.words) unnest(lexeme, positions, weights), LATERAL generate_series(0, length(unnest.lexeme)) place(place) WHERE ((length(unnest.lexeme) >= 4) AND (length(unnest.lexeme) <= 30)));

CREATE FUNCTION content.prune_idempotency_keys(at_most integer DEFAULT 10000) RETURNS bigint
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

CREATE FUNCTION content.prune_inbox(older_than interval DEFAULT '14 days'::interval, at_most integer DEFAULT 10000) RETURNS bigint
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

CREATE FUNCTION content.words_in(text text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN to_tsvector('simple'::regconfig, translate(text, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~'::text, repeat(' '::text, 32)));

CREATE FUNCTION content.words_of(tags text[]) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN array_to_string(tags, ' '::text);

CREATE TABLE content.captions (
    video_id uuid NOT NULL,
    language text NOT NULL,
    version bigint NOT NULL,
    webvtt text NOT NULL,
    CONSTRAINT captions_size CHECK ((octet_length(webvtt) <= 1048576))
);

CREATE TABLE content.chapters (
    video_id uuid NOT NULL,
    version bigint NOT NULL,
    chapters jsonb NOT NULL
);

CREATE TABLE content.drafts (
    video_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    submitted_at timestamp with time zone NOT NULL,
    draft jsonb NOT NULL
);

CREATE TABLE content.early_outcomes (
    video_id uuid NOT NULL,
    outcome jsonb NOT NULL,
    received_at timestamp with time zone NOT NULL
);

CREATE TABLE content.idempotency_keys (
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

CREATE TABLE content.inbox (
    component text NOT NULL,
    event_id text NOT NULL,
    consumed_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE content.outbox (
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

ALTER TABLE content.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME content.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE content.owners (
    owner_id uuid NOT NULL,
    version bigint NOT NULL,
    is_active boolean NOT NULL,
    is_erased boolean DEFAULT false NOT NULL
);

CREATE TABLE content.shares (
    user_id uuid NOT NULL,
    video_id uuid NOT NULL
);

CREATE TABLE content.thumbnail_uploads (
    id uuid NOT NULL,
    video_id uuid NOT NULL,
    content_type text NOT NULL,
    size_bytes bigint NOT NULL,
    checksum_sha256 text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT thumbnail_uploads_size CHECK (((size_bytes >= 1) AND (size_bytes <= 2097152)))
);

CREATE TABLE content.timers (
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

CREATE TABLE content.transfers (
    video_id uuid NOT NULL,
    from_id uuid NOT NULL,
    to_id uuid NOT NULL,
    offered_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE content.video_passwords (
    video_id uuid NOT NULL,
    version bigint NOT NULL,
    hashes text[] NOT NULL
);

CREATE TABLE content.videos (
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    upload_id uuid,
    region text NOT NULL,
    version bigint NOT NULL,
    state text NOT NULL,
    visibility text NOT NULL,
    title text,
    description text NOT NULL,
    tags text[] NOT NULL,
    category text,
    language text,
    media jsonb,
    failure_code text,
    first_published_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    minimum_plan_level bigint,
    publish_at timestamp with time zone,
    minimum_age bigint,
    asks_for_protection boolean DEFAULT false NOT NULL,
    passwords_version bigint,
    held_state text,
    decision_version bigint,
    decided_to_block boolean,
    withheld_by_account boolean DEFAULT false NOT NULL,
    deleted_at timestamp with time zone,
    purged boolean DEFAULT false NOT NULL,
    licence text,
    made_for_kids boolean,
    custom_fields jsonb DEFAULT '{}'::jsonb NOT NULL,
    search tsvector GENERATED ALWAYS AS (((setweight(content.words_in(COALESCE(title, ''::text)), 'A'::"char") || setweight(content.words_in(content.words_of(tags)), 'B'::"char")) || setweight(content.words_in(description), 'C'::"char"))) STORED NOT NULL,
    near text[] GENERATED ALWAYS AS (
CASE
    WHEN ((state = 'published'::text) AND (visibility = 'public'::text)) THEN content.near_words((content.words_in(COALESCE(title, ''::text)) || content.words_in(content.words_of(tags))))
    ELSE '{}'::text[]
END) STORED NOT NULL,
    duration_ms bigint GENERATED ALWAYS AS (((media ->> 'duration_ms'::text))::bigint) STORED,
    regions_allow text[] DEFAULT '{}'::text[] NOT NULL,
    regions_deny text[] DEFAULT '{}'::text[] NOT NULL,
    tracks jsonb DEFAULT '{}'::jsonb NOT NULL,
    thumbnails jsonb DEFAULT '{}'::jsonb NOT NULL,
    embedding text DEFAULT 'anywhere'::text NOT NULL,
    embedding_origins text[] DEFAULT '{}'::text[] NOT NULL,
    collaborators jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT videos_decision CHECK (((decision_version IS NULL) = (decided_to_block IS NULL))),
    CONSTRAINT videos_deleted CHECK (((state = 'deleted'::text) = (deleted_at IS NOT NULL))),
    CONSTRAINT videos_embedding CHECK ((embedding = ANY (ARRAY['anywhere'::text, 'nowhere'::text, 'listed'::text]))),
    CONSTRAINT videos_failure CHECK (((failure_code IS NOT NULL) = (COALESCE(held_state, state) = 'failed'::text))),
    CONSTRAINT videos_first_published CHECK (((first_published_at IS NOT NULL) = (COALESCE(held_state, state) = ANY (ARRAY['published'::text, 'unpublished'::text])))),
    CONSTRAINT videos_held CHECK (((state = ANY (ARRAY['blocked'::text, 'deleted'::text])) = (held_state IS NOT NULL))),
    CONSTRAINT videos_held_state CHECK ((held_state = ANY (ARRAY['draft'::text, 'processing'::text, 'ready'::text, 'published'::text, 'unpublished'::text, 'failed'::text]))),
    CONSTRAINT videos_licence CHECK ((licence = ANY (ARRAY['standard'::text, 'cc-by'::text, 'cc-by-sa'::text, 'cc-by-nd'::text, 'cc-by-nc'::text, 'cc-by-nc-sa'::text, 'cc-by-nc-nd'::text, 'cc0'::text]))),
    CONSTRAINT videos_media CHECK (((media IS NOT NULL) = (COALESCE(held_state, state) = ANY (ARRAY['ready'::text, 'published'::text, 'unpublished'::text])))),
    CONSTRAINT videos_minimum_age CHECK ((minimum_age = ANY (ARRAY[(12)::bigint, (16)::bigint, (18)::bigint]))),
    CONSTRAINT videos_minimum_plan_level CHECK (((minimum_plan_level >= 1) AND (minimum_plan_level <= 100))),
    CONSTRAINT videos_passwords CHECK (((visibility = 'password'::text) = (passwords_version IS NOT NULL))),
    CONSTRAINT videos_plan CHECK (((visibility = 'subscribers'::text) = (minimum_plan_level IS NOT NULL))),
    CONSTRAINT videos_publish_at CHECK (((publish_at IS NULL) OR (COALESCE(held_state, state) = ANY (ARRAY['draft'::text, 'processing'::text, 'ready'::text, 'unpublished'::text])))),
    CONSTRAINT videos_published_title CHECK (((COALESCE(held_state, state) <> 'published'::text) OR (title IS NOT NULL))),
    CONSTRAINT videos_purged CHECK (((NOT purged) OR ((deleted_at IS NOT NULL) AND (media IS NULL) AND (title IS NULL) AND (description = ''::text)))),
    CONSTRAINT videos_state CHECK ((state = ANY (ARRAY['draft'::text, 'processing'::text, 'ready'::text, 'published'::text, 'unpublished'::text, 'failed'::text, 'blocked'::text, 'deleted'::text]))),
    CONSTRAINT videos_upload CHECK (((upload_id IS NOT NULL) OR purged OR (COALESCE(held_state, state) = 'draft'::text))),
    CONSTRAINT videos_version CHECK ((version > 0)),
    CONSTRAINT videos_visibility CHECK ((visibility = ANY (ARRAY['public'::text, 'unlisted'::text, 'private'::text, 'subscribers'::text, 'password'::text]))),
    CONSTRAINT videos_withheld CHECK (((state = 'blocked'::text) = ((deleted_at IS NULL) AND (withheld_by_account OR COALESCE(decided_to_block, false)))))
);

ALTER TABLE ONLY content.captions
    ADD CONSTRAINT captions_pkey PRIMARY KEY (video_id, language);

ALTER TABLE ONLY content.chapters
    ADD CONSTRAINT chapters_pkey PRIMARY KEY (video_id);

ALTER TABLE ONLY content.drafts
    ADD CONSTRAINT drafts_pkey PRIMARY KEY (video_id);

ALTER TABLE ONLY content.early_outcomes
    ADD CONSTRAINT early_outcomes_pkey PRIMARY KEY (video_id);

ALTER TABLE ONLY content.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (scope, key);

ALTER TABLE ONLY content.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (component, event_id);

ALTER TABLE ONLY content.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY content.owners
    ADD CONSTRAINT owners_pkey PRIMARY KEY (owner_id);

ALTER TABLE ONLY content.shares
    ADD CONSTRAINT shares_pkey PRIMARY KEY (user_id, video_id);

ALTER TABLE ONLY content.thumbnail_uploads
    ADD CONSTRAINT thumbnail_uploads_pkey PRIMARY KEY (id);

ALTER TABLE ONLY content.timers
    ADD CONSTRAINT timers_component_key UNIQUE (component, key);

ALTER TABLE ONLY content.timers
    ADD CONSTRAINT timers_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY content.transfers
    ADD CONSTRAINT transfers_pkey PRIMARY KEY (video_id);

ALTER TABLE ONLY content.video_passwords
    ADD CONSTRAINT video_passwords_pkey PRIMARY KEY (video_id);

ALTER TABLE ONLY content.videos
    ADD CONSTRAINT videos_pkey PRIMARY KEY (id);

CREATE INDEX drafts_owner ON content.drafts USING btree (owner_id);

CREATE INDEX idempotency_keys_expires_at ON content.idempotency_keys USING btree (expires_at);

CREATE INDEX inbox_consumed_at ON content.inbox USING btree (consumed_at);

CREATE INDEX shares_video_id ON content.shares USING btree (video_id);

CREATE INDEX thumbnail_uploads_of_video ON content.thumbnail_uploads USING btree (video_id);

CREATE INDEX timers_ready_at ON content.timers USING btree (ready_at) WHERE (refused IS NULL);

CREATE INDEX transfers_from_id ON content.transfers USING btree (from_id);

CREATE INDEX transfers_to_id ON content.transfers USING btree (to_id);

CREATE INDEX videos_drafts ON content.videos USING btree (owner_id) WHERE (COALESCE(held_state, state) = 'draft'::text);

CREATE INDEX videos_duration ON content.videos USING btree (duration_ms) WHERE ((state = 'published'::text) AND (visibility = 'public'::text));

CREATE INDEX videos_near ON content.videos USING gin (near) WHERE ((state = 'published'::text) AND (visibility = 'public'::text));

CREATE INDEX videos_newest ON content.videos USING btree (first_published_at, id) WHERE ((state = 'published'::text) AND (visibility = 'public'::text));

CREATE INDEX videos_newest_of_category ON content.videos USING btree (category, first_published_at, id) WHERE ((state = 'published'::text) AND (visibility = 'public'::text));

CREATE INDEX videos_newest_of_language ON content.videos USING btree (language, first_published_at, id) WHERE ((state = 'published'::text) AND (visibility = 'public'::text));

CREATE INDEX videos_newest_of_owner ON content.videos USING btree (owner_id, first_published_at, id) WHERE ((state = 'published'::text) AND (visibility = 'public'::text));

CREATE INDEX videos_owner ON content.videos USING btree (owner_id, id);

CREATE INDEX videos_owner_state ON content.videos USING btree (owner_id, state, id);

CREATE INDEX videos_search ON content.videos USING gin (search) WHERE ((state = 'published'::text) AND (visibility = 'public'::text));

CREATE INDEX videos_tags ON content.videos USING gin (tags) WHERE ((state = 'published'::text) AND (visibility = 'public'::text));

ALTER TABLE ONLY content.captions
    ADD CONSTRAINT captions_video FOREIGN KEY (video_id) REFERENCES content.videos(id) ON DELETE CASCADE;

ALTER TABLE ONLY content.chapters
    ADD CONSTRAINT chapters_video FOREIGN KEY (video_id) REFERENCES content.videos(id) ON DELETE CASCADE;

ALTER TABLE ONLY content.shares
    ADD CONSTRAINT shares_video FOREIGN KEY (video_id) REFERENCES content.videos(id) ON DELETE CASCADE;

ALTER TABLE ONLY content.thumbnail_uploads
    ADD CONSTRAINT thumbnail_uploads_video FOREIGN KEY (video_id) REFERENCES content.videos(id) ON DELETE CASCADE;

ALTER TABLE ONLY content.transfers
    ADD CONSTRAINT transfers_video FOREIGN KEY (video_id) REFERENCES content.videos(id) ON DELETE CASCADE;

ALTER TABLE ONLY content.video_passwords
    ADD CONSTRAINT video_passwords_video FOREIGN KEY (video_id) REFERENCES content.videos(id) ON DELETE CASCADE;

GRANT USAGE ON SCHEMA content TO mcsp_content;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE content.captions TO mcsp_content;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE content.chapters TO mcsp_content;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE content.drafts TO mcsp_content;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE content.early_outcomes TO mcsp_content;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE content.idempotency_keys TO mcsp_content;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE content.inbox TO mcsp_content;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE content.outbox TO mcsp_content;

GRANT SELECT,USAGE ON SEQUENCE content.outbox_id_seq TO mcsp_content;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE content.owners TO mcsp_content;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE content.shares TO mcsp_content;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE content.thumbnail_uploads TO mcsp_content;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE content.timers TO mcsp_content;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE content.transfers TO mcsp_content;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE content.video_passwords TO mcsp_content;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE content.videos TO mcsp_content;
