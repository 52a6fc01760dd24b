-- Sessions outlive their access tokens: how their owner was authenticated, and the refresh tokens that prolong them.
ALTER TABLE sessions
    ADD COLUMN acr text NOT NULL DEFAULT '1' CONSTRAINT sessions_acr CHECK (acr IN ('1', '2')),
    ADD COLUMN amr text[] NOT NULL DEFAULT '{pwd}' CONSTRAINT sessions_amr CHECK (cardinality(amr) > 0),
    ADD COLUMN authenticated_at timestamptz NOT NULL DEFAULT now(),
    -- SHA-256 of the cookie by which a browser is known on the pages of /oauth; none for other devices.
    ADD COLUMN cookie_hash bytea CONSTRAINT sessions_cookie_hash UNIQUE;

UPDATE sessions SET authenticated_at = created_at;

-- What a client was given in a session. Of its refresh tokens one is good, and for a moment the one before it too:
-- whoever shows it then gets the same successor again. The tokens themselves stand nowhere.
CREATE TABLE refresh_families (
    id uuid PRIMARY KEY,
    session_id uuid NOT NULL CONSTRAINT refresh_families_session REFERENCES sessions (id) ON DELETE CASCADE,
    -- None for a session that was begun with the platform itself.
    client_id uuid,
    scope text NOT NULL,
    -- How many refresh tokens came before the current one.
    generation bigint NOT NULL CONSTRAINT refresh_families_generation CHECK (generation >= 0),
    -- SHA-256 of the tokens.
    current_hash bytea NOT NULL,
    previous_hash bytea,
    -- When the current one was given first.
    rotated_at timestamptz NOT NULL,
    -- When a token was shown a second time, by which all became worthless.
    revoked_at timestamptz,
    created_at timestamptz NOT NULL
);

CREATE INDEX refresh_families_session_id ON refresh_families (session_id, id DESC);
