-- Accounts, what they sign in with, and where they are signed in.
CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    -- Normalized. Personal data, which stands in no other table of any service.
    email text NOT NULL,
    email_verified_at timestamptz,
    roles text[] NOT NULL,
    region text NOT NULL,
    state text NOT NULL,
    state_since timestamptz NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    -- When somebody last tried to register the address again, which the answer did not tell them.
    registered_again_at timestamptz,
    CONSTRAINT accounts_email UNIQUE (email),
    CONSTRAINT accounts_roles CHECK (cardinality(roles) > 0),
    CONSTRAINT accounts_state CHECK (state IN ('active', 'suspended', 'closed')),
    CONSTRAINT accounts_version CHECK (version > 0)
);

-- Apart from the account, so that whoever reads accounts does not read hashes.
CREATE TABLE passwords (
    account_id uuid PRIMARY KEY CONSTRAINT passwords_account REFERENCES accounts (id) ON DELETE CASCADE,
    -- Argon2id with its parameters and salt, in the PHC string format.
    phc text NOT NULL,
    changed_at timestamptz NOT NULL
);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL CONSTRAINT sessions_account REFERENCES accounts (id) ON DELETE CASCADE,
    user_agent text,
    address text,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

-- An account's sessions, the newest first.
CREATE INDEX sessions_account_id_id ON sessions (account_id, id DESC);
