-- What an account is protected by beside its password: authenticators, recovery codes, and sign-ins that wait for one of them.
CREATE TABLE factors (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL CONSTRAINT factors_account REFERENCES accounts (id) ON DELETE CASCADE,
    name text NOT NULL,
    -- The TOTP secret, encrypted with a key that does not stand in the database.
    sealed_secret bytea NOT NULL,
    created_at timestamptz NOT NULL,
    -- Until its first code was shown it protects nothing.
    confirmed_at timestamptz,
    last_used_at timestamptz,
    -- The time step of the newest code that was taken: no code of it or of an earlier one is taken again.
    last_step bigint NOT NULL
);

CREATE INDEX factors_account_id ON factors (account_id);

CREATE TABLE recovery_codes (
    account_id uuid NOT NULL CONSTRAINT recovery_codes_account REFERENCES accounts (id) ON DELETE CASCADE,
    -- SHA-256 of account and code, in base64url.
    hash text NOT NULL,
    PRIMARY KEY (account_id, hash)
);

CREATE TABLE sign_in_challenges (
    -- SHA-256 of the challenge, in base64url.
    hash text PRIMARY KEY,
    account_id uuid NOT NULL CONSTRAINT sign_in_challenges_account REFERENCES accounts (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX sign_in_challenges_account_id ON sign_in_challenges (account_id);
