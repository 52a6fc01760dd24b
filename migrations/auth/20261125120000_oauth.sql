-- What people have allowed the applications of others, so that they are asked once; and what clients were given goes with them.
CREATE TABLE consents (
    account_id uuid NOT NULL CONSTRAINT consents_account REFERENCES accounts (id) ON DELETE CASCADE,
    client_id uuid NOT NULL CONSTRAINT consents_client REFERENCES clients (id) ON DELETE CASCADE,
    -- All that was allowed so far, space-separated.
    scope text NOT NULL,
    granted_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, client_id)
);

CREATE INDEX consents_client_id ON consents (client_id);

ALTER TABLE refresh_families
    ADD CONSTRAINT refresh_families_client FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE CASCADE;

CREATE INDEX refresh_families_client_id ON refresh_families (client_id) WHERE client_id IS NOT NULL;
