-- Custom roles, and who has them. The built-in roles of an account stand in its own row.
CREATE TABLE roles (
    name text PRIMARY KEY,
    description text NOT NULL,
    permissions text[] NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT roles_version CHECK (version > 0)
);

CREATE TABLE account_roles (
    account_id uuid NOT NULL CONSTRAINT account_roles_account REFERENCES accounts (id) ON DELETE CASCADE,
    -- A role that somebody has can't be deleted.
    role text NOT NULL CONSTRAINT account_roles_role REFERENCES roles (name),
    granted_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, role)
);

CREATE INDEX account_roles_role_account_id ON account_roles (role, account_id);

-- The version of the last decision on the account that the Admin service told of.
ALTER TABLE accounts ADD COLUMN decision_version bigint NOT NULL DEFAULT 0;
