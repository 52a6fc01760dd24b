-- What the migrations of auth make. Generated: see scripts/generate.

CREATE SCHEMA auth;

CREATE FUNCTION auth.prune_idempotency_keys(at_most integer DEFAULT 10000) RETURNS bigint
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

CREATE FUNCTION auth.prune_inbox(older_than interval DEFAULT '14 days'::interval, at_most integer DEFAULT 10000) RETURNS bigint
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

CREATE FUNCTION auth.tell_of_logout() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'auth'
    AS $$
BEGIN
    INSERT INTO timers (event_id, component, key, type, source, data, due_at, ready_at)
    SELECT
        'logout:' || OLD.id || ':' || c.id,
        'auth-logout',
        OLD.id || ':' || c.id,
        'mcsp.auth.session.ended.v1',
        '/mcsp/auth',
        jsonb_build_object('session', OLD.id, 'account', OLD.account_id, 'client', c.id, 'ended_at', now()),
        now(),
        now()
    FROM clients c
    WHERE c.backchannel_logout_uri IS NOT NULL
        AND EXISTS (SELECT FROM refresh_families f WHERE f.session_id = OLD.id AND f.client_id = c.id);
    RETURN OLD;
END
$$;

CREATE TABLE auth.account_roles (
    account_id uuid NOT NULL,
    role text NOT NULL,
    granted_at timestamp with time zone NOT NULL
);

CREATE TABLE auth.accounts (
    id uuid NOT NULL,
    email text NOT NULL,
    email_verified_at timestamp with time zone,
    roles text[] NOT NULL,
    region text NOT NULL,
    state text NOT NULL,
    state_since timestamp with time zone NOT NULL,
    version bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    registered_again_at timestamp with time zone,
    new_email text,
    decision_version bigint DEFAULT 0 NOT NULL,
    birth_date date,
    closed_since timestamp with time zone,
    CONSTRAINT accounts_closed_since CHECK (((closed_since IS NULL) OR (state = 'suspended'::text))),
    CONSTRAINT accounts_roles CHECK ((cardinality(roles) > 0)),
    CONSTRAINT accounts_state CHECK ((state = ANY (ARRAY['active'::text, 'suspended'::text, 'closed'::text]))),
    CONSTRAINT accounts_version CHECK ((version > 0))
);

CREATE TABLE auth.answered_challenges (
    hash text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE auth.clients (
    id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    redirect_uris text[] NOT NULL,
    post_logout_redirect_uris text[] NOT NULL,
    backchannel_logout_uri text,
    grant_types text[] NOT NULL,
    scopes text[] NOT NULL,
    first_party boolean NOT NULL,
    secret_digest bytea,
    previous_secret_digest bytea,
    previous_secret_until timestamp with time zone,
    version bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT clients_kind CHECK ((kind = ANY (ARRAY['public'::text, 'confidential'::text]))),
    CONSTRAINT clients_previous_secret CHECK ((((previous_secret_digest IS NULL) = (previous_secret_until IS NULL)) AND ((secret_digest IS NOT NULL) OR (previous_secret_digest IS NULL)))),
    CONSTRAINT clients_secret CHECK (((kind = 'confidential'::text) = (secret_digest IS NOT NULL))),
    CONSTRAINT clients_version CHECK ((version > 0))
);

CREATE TABLE auth.consents (
    account_id uuid NOT NULL,
    client_id uuid NOT NULL,
    scope text NOT NULL,
    granted_at timestamp with time zone NOT NULL
);

CREATE TABLE auth.factors (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    name text NOT NULL,
    sealed_secret bytea,
    created_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone,
    last_used_at timestamp with time zone,
    last_step bigint NOT NULL,
    kind text DEFAULT 'totp'::text NOT NULL,
    credential_id bytea,
    public_key bytea,
    sign_count bigint,
    backup_eligible boolean,
    backed_up boolean,
    CONSTRAINT factors_kind CHECK ((((kind = 'totp'::text) AND (sealed_secret IS NOT NULL) AND (credential_id IS NULL)) OR ((kind = 'passkey'::text) AND (sealed_secret IS NULL) AND ((confirmed_at IS NULL) = (credential_id IS NULL)) AND ((credential_id IS NULL) = (public_key IS NULL)) AND ((credential_id IS NULL) = (sign_count IS NULL)) AND ((credential_id IS NULL) = (backup_eligible IS NULL)) AND ((credential_id IS NULL) = (backed_up IS NULL)))))
);

CREATE TABLE auth.idempotency_keys (
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

CREATE TABLE auth.inbox (
    component text NOT NULL,
    event_id text NOT NULL,
    consumed_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE auth.mails (
    id uuid NOT NULL,
    account_id uuid,
    kind text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE auth.outbox (
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

ALTER TABLE auth.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME auth.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE auth.passwords (
    account_id uuid NOT NULL,
    phc text NOT NULL,
    changed_at timestamp with time zone NOT NULL
);

CREATE TABLE auth.recovery_codes (
    account_id uuid NOT NULL,
    hash text NOT NULL
);

CREATE TABLE auth.refresh_families (
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    client_id uuid,
    scope text NOT NULL,
    generation bigint NOT NULL,
    current_hash bytea NOT NULL,
    previous_hash bytea,
    rotated_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    dpop_jkt text,
    CONSTRAINT refresh_families_generation CHECK ((generation >= 0))
);

CREATE TABLE auth.roles (
    name text NOT NULL,
    description text NOT NULL,
    permissions text[] NOT NULL,
    version bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT roles_version CHECK ((version > 0))
);

CREATE TABLE auth.sessions (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    user_agent text,
    address text,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    acr text DEFAULT '1'::text NOT NULL,
    amr text[] DEFAULT '{pwd}'::text[] NOT NULL,
    authenticated_at timestamp with time zone DEFAULT now() NOT NULL,
    cookie_hash bytea,
    CONSTRAINT sessions_acr CHECK ((acr = ANY (ARRAY['1'::text, '2'::text]))),
    CONSTRAINT sessions_amr CHECK ((cardinality(amr) > 0))
);

CREATE TABLE auth.sign_in_challenges (
    hash text NOT NULL,
    account_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE auth.signing_keys (
    sequence bigint NOT NULL,
    kid text NOT NULL,
    public_key bytea NOT NULL,
    sealed_private_key bytea NOT NULL,
    published_at timestamp with time zone NOT NULL,
    signs_from timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT signing_keys_public_key CHECK ((octet_length(public_key) = 32)),
    CONSTRAINT signing_keys_times CHECK ((signs_from >= published_at))
);

CREATE TABLE auth.timers (
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

ALTER TABLE ONLY auth.account_roles
    ADD CONSTRAINT account_roles_pkey PRIMARY KEY (account_id, role);

ALTER TABLE ONLY auth.accounts
    ADD CONSTRAINT accounts_email UNIQUE (email);

ALTER TABLE ONLY auth.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY auth.answered_challenges
    ADD CONSTRAINT answered_challenges_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY auth.clients
    ADD CONSTRAINT clients_pkey PRIMARY KEY (id);

ALTER TABLE ONLY auth.consents
    ADD CONSTRAINT consents_pkey PRIMARY KEY (account_id, client_id);

ALTER TABLE ONLY auth.factors
    ADD CONSTRAINT factors_credential_id UNIQUE (credential_id);

ALTER TABLE ONLY auth.factors
    ADD CONSTRAINT factors_pkey PRIMARY KEY (id);

ALTER TABLE ONLY auth.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (scope, key);

ALTER TABLE ONLY auth.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (component, event_id);

ALTER TABLE ONLY auth.mails
    ADD CONSTRAINT mails_pkey PRIMARY KEY (id);

ALTER TABLE ONLY auth.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY auth.passwords
    ADD CONSTRAINT passwords_pkey PRIMARY KEY (account_id);

ALTER TABLE ONLY auth.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (account_id, hash);

ALTER TABLE ONLY auth.refresh_families
    ADD CONSTRAINT refresh_families_pkey PRIMARY KEY (id);

ALTER TABLE ONLY auth.roles
    ADD CONSTRAINT roles_pkey PRIMARY KEY (name);

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_cookie_hash UNIQUE (cookie_hash);

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY auth.sign_in_challenges
    ADD CONSTRAINT sign_in_challenges_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY auth.signing_keys
    ADD CONSTRAINT signing_keys_kid UNIQUE (kid);

ALTER TABLE ONLY auth.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (sequence);

ALTER TABLE ONLY auth.timers
    ADD CONSTRAINT timers_component_key UNIQUE (component, key);

ALTER TABLE ONLY auth.timers
    ADD CONSTRAINT timers_pkey PRIMARY KEY (event_id);

CREATE INDEX account_roles_role_account_id ON auth.account_roles USING btree (role, account_id);

CREATE INDEX answered_challenges_expires_at ON auth.answered_challenges USING btree (expires_at);

CREATE INDEX consents_client_id ON auth.consents USING btree (client_id);

CREATE INDEX factors_account_id ON auth.factors USING btree (account_id);

CREATE INDEX idempotency_keys_expires_at ON auth.idempotency_keys USING btree (expires_at);

CREATE INDEX inbox_consumed_at ON auth.inbox USING btree (consumed_at);

CREATE INDEX mails_account_id_kind ON auth.mails USING btree (account_id, kind);

CREATE INDEX refresh_families_client_id ON auth.refresh_families USING btree (client_id) WHERE (client_id IS NOT NULL);

CREATE INDEX refresh_families_session_id ON auth.refresh_families USING btree (session_id, id DESC);

CREATE INDEX sessions_account_id_id ON auth.sessions USING btree (account_id, id DESC);

CREATE INDEX sign_in_challenges_account_id ON auth.sign_in_challenges USING btree (account_id);

CREATE INDEX timers_ready_at ON auth.timers USING btree (ready_at) WHERE (refused IS NULL);

CREATE TRIGGER sessions_tell_of_logout BEFORE DELETE ON auth.sessions FOR EACH ROW EXECUTE FUNCTION auth.tell_of_logout();

ALTER TABLE ONLY auth.account_roles
    ADD CONSTRAINT account_roles_account FOREIGN KEY (account_id) REFERENCES auth.accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY auth.account_roles
    ADD CONSTRAINT account_roles_role FOREIGN KEY (role) REFERENCES auth.roles(name);

ALTER TABLE ONLY auth.consents
    ADD CONSTRAINT consents_account FOREIGN KEY (account_id) REFERENCES auth.accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY auth.consents
    ADD CONSTRAINT consents_client FOREIGN KEY (client_id) REFERENCES auth.clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY auth.factors
    ADD CONSTRAINT factors_account FOREIGN KEY (account_id) REFERENCES auth.accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY auth.mails
    ADD CONSTRAINT mails_account FOREIGN KEY (account_id) REFERENCES auth.accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY auth.passwords
    ADD CONSTRAINT passwords_account FOREIGN KEY (account_id) REFERENCES auth.accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY auth.recovery_codes
    ADD CONSTRAINT recovery_codes_account FOREIGN KEY (account_id) REFERENCES auth.accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY auth.refresh_families
    ADD CONSTRAINT refresh_families_client FOREIGN KEY (client_id) REFERENCES auth.clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY auth.refresh_families
    ADD CONSTRAINT refresh_families_session FOREIGN KEY (session_id) REFERENCES auth.sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_account FOREIGN KEY (account_id) REFERENCES auth.accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY auth.sign_in_challenges
    ADD CONSTRAINT sign_in_challenges_account FOREIGN KEY (account_id) REFERENCES auth.accounts(id) ON DELETE CASCADE;

GRANT USAGE ON SCHEMA auth TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.account_roles TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.accounts TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.answered_challenges TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.clients TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.consents TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.factors TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.idempotency_keys TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.inbox TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.mails TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.outbox TO mcsp_auth;

GRANT SELECT,USAGE ON SEQUENCE auth.outbox_id_seq TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.passwords TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.recovery_codes TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.refresh_families TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.roles TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.sessions TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.sign_in_challenges TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.signing_keys TO mcsp_auth;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.timers TO mcsp_auth;
