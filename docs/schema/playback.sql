-- What the migrations of playback make. Generated: see scripts/generate.

CREATE SCHEMA playback;

CREATE FUNCTION playback.prune_idempotency_keys(at_most integer DEFAULT 10000) RETURNS bigint
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

CREATE FUNCTION playback.prune_inbox(older_than interval DEFAULT '14 days'::interval, at_most integer DEFAULT 10000) RETURNS bigint
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

CREATE TABLE playback.account_decisions (
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    is_suspended boolean NOT NULL
);

CREATE TABLE playback.accounts (
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    state text NOT NULL,
    CONSTRAINT accounts_state CHECK ((state = ANY (ARRAY['active'::text, 'suspended'::text, 'closed'::text, 'erased'::text])))
);

CREATE TABLE playback.devices (
    user_id uuid NOT NULL,
    device_id text NOT NULL,
    name text,
    last_started_at timestamp with time zone NOT NULL
);

CREATE TABLE playback.idempotency_keys (
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

CREATE TABLE playback.inbox (
    component text NOT NULL,
    event_id text NOT NULL,
    consumed_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE playback.outbox (
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

ALTER TABLE playback.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME playback.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE playback.positions (
    user_id uuid NOT NULL,
    video_id uuid NOT NULL,
    position_ms bigint,
    client_time timestamp with time zone NOT NULL
);

CREATE TABLE playback.signing_keys (
    sequence bigint NOT NULL,
    kid text NOT NULL,
    sealed_secret bytea,
    published_at timestamp with time zone NOT NULL,
    signs_from timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT signing_keys_configured CHECK (((sealed_secret IS NOT NULL) OR (revoked_at IS NOT NULL))),
    CONSTRAINT signing_keys_times CHECK ((signs_from >= published_at))
);

CREATE TABLE playback.subscriptions (
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    level bigint,
    streams bigint,
    entitled_until timestamp with time zone,
    is_past_due boolean NOT NULL,
    devices bigint,
    CONSTRAINT subscriptions_entitlements CHECK ((((level IS NULL) = (streams IS NULL)) AND ((level IS NOT NULL) OR (entitled_until IS NULL))))
);

CREATE TABLE playback.timers (
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

CREATE TABLE playback.video_decisions (
    video_id uuid NOT NULL,
    version bigint NOT NULL,
    is_blocked boolean NOT NULL
);

CREATE TABLE playback.videos (
    id uuid NOT NULL,
    version bigint NOT NULL,
    owner_id uuid NOT NULL,
    state text NOT NULL,
    visibility text NOT NULL,
    regions_allow text[] NOT NULL,
    regions_deny text[] NOT NULL,
    packaged_prefix text,
    packaged_hls text,
    duration_ms bigint,
    renditions jsonb,
    minimum_plan_level bigint,
    scheduled_at timestamp with time zone,
    minimum_age bigint,
    packaged_dash text,
    protection jsonb,
    passwords_version bigint,
    embedding text DEFAULT 'anywhere'::text NOT NULL,
    embedding_origins text[] DEFAULT '{}'::text[] NOT NULL,
    collaborators jsonb DEFAULT '[]'::jsonb NOT NULL,
    caption_languages text[] DEFAULT '{}'::text[] NOT NULL,
    packaged_hls_steered text,
    CONSTRAINT videos_embedding CHECK ((embedding = ANY (ARRAY['anywhere'::text, 'nowhere'::text, 'listed'::text]))),
    CONSTRAINT videos_media CHECK (((state = 'published'::text) = ((packaged_prefix IS NOT NULL) AND (packaged_hls IS NOT NULL) AND (duration_ms IS NOT NULL) AND (renditions IS NOT NULL)))),
    CONSTRAINT videos_passwords CHECK (((visibility = 'password'::text) = (passwords_version IS NOT NULL))),
    CONSTRAINT videos_plan CHECK (((visibility = 'subscribers'::text) = (minimum_plan_level IS NOT NULL))),
    CONSTRAINT videos_scheduled CHECK (((state = 'scheduled'::text) = (scheduled_at IS NOT NULL))),
    CONSTRAINT videos_state CHECK ((state = ANY (ARRAY['never_published'::text, 'scheduled'::text, 'published'::text, 'unpublished'::text, 'blocked'::text, 'deleted'::text]))),
    CONSTRAINT videos_visibility CHECK ((visibility = ANY (ARRAY['public'::text, 'unlisted'::text, 'private'::text, 'subscribers'::text, 'password'::text])))
);

ALTER TABLE ONLY playback.account_decisions
    ADD CONSTRAINT account_decisions_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY playback.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY playback.devices
    ADD CONSTRAINT devices_pkey PRIMARY KEY (user_id, device_id);

ALTER TABLE ONLY playback.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (scope, key);

ALTER TABLE ONLY playback.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (component, event_id);

ALTER TABLE ONLY playback.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY playback.positions
    ADD CONSTRAINT positions_pkey PRIMARY KEY (user_id, video_id);

ALTER TABLE ONLY playback.signing_keys
    ADD CONSTRAINT signing_keys_kid UNIQUE (kid);

ALTER TABLE ONLY playback.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (sequence);

ALTER TABLE ONLY playback.subscriptions
    ADD CONSTRAINT subscriptions_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY playback.timers
    ADD CONSTRAINT timers_component_key UNIQUE (component, key);

ALTER TABLE ONLY playback.timers
    ADD CONSTRAINT timers_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY playback.video_decisions
    ADD CONSTRAINT video_decisions_pkey PRIMARY KEY (video_id);

ALTER TABLE ONLY playback.videos
    ADD CONSTRAINT videos_pkey PRIMARY KEY (id);

CREATE INDEX idempotency_keys_expires_at ON playback.idempotency_keys USING btree (expires_at);

CREATE INDEX inbox_consumed_at ON playback.inbox USING btree (consumed_at);

CREATE INDEX positions_newest ON playback.positions USING btree (user_id, client_time DESC);

CREATE INDEX timers_ready_at ON playback.timers USING btree (ready_at) WHERE (refused IS NULL);

ALTER TABLE ONLY playback.positions
    ADD CONSTRAINT positions_video FOREIGN KEY (video_id) REFERENCES playback.videos(id);

GRANT USAGE ON SCHEMA playback TO mcsp_playback;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE playback.account_decisions TO mcsp_playback;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE playback.accounts TO mcsp_playback;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE playback.devices TO mcsp_playback;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE playback.idempotency_keys TO mcsp_playback;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE playback.inbox TO mcsp_playback;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE playback.outbox TO mcsp_playback;

GRANT SELECT,USAGE ON SEQUENCE playback.outbox_id_seq TO mcsp_playback;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE playback.positions TO mcsp_playback;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE playback.signing_keys TO mcsp_playback;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE playback.subscriptions TO mcsp_playback;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE playback.timers TO mcsp_playback;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE playback.video_decisions TO mcsp_playback;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE playback.videos TO mcsp_playback;
