-- The applications that may ask for tokens (RFC 6749 section 2), with the digests of their secrets.
CREATE TABLE clients (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    name text NOT NULL,
    redirect_uris text[] NOT NULL,
    post_logout_redirect_uris text[] NOT NULL,
    backchannel_logout_uri text,
    grant_types text[] NOT NULL,
    scopes text[] NOT NULL,
    first_party boolean NOT NULL,
    -- SHA-256. A secret is 32 random bytes: there is nothing to guess, so nothing that a slow hash would protect.
    secret_digest bytea,
    -- The one before, which is good until then.
    previous_secret_digest bytea,
    previous_secret_until timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT clients_kind CHECK (kind IN ('public', 'confidential')),
    CONSTRAINT clients_secret CHECK ((kind = 'confidential') = (secret_digest IS NOT NULL)),
    CONSTRAINT clients_previous_secret CHECK (
        (previous_secret_digest IS NULL) = (previous_secret_until IS NULL)
        AND (secret_digest IS NOT NULL OR previous_secret_digest IS NULL)
    ),
    CONSTRAINT clients_version CHECK (version > 0)
);
