-- Mails that accounts are sent: what is to be told, and until when the token in it is good. The token itself is made of the id.
CREATE TABLE mails (
    id uuid PRIMARY KEY,
    -- Null where the asker must not learn that there is no such account: nothing is sent then.
    account_id uuid CONSTRAINT mails_account REFERENCES accounts (id) ON DELETE CASCADE,
    kind text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX mails_account_id_kind ON mails (account_id, kind);

-- The address that an account wants instead, until it is proved. Personal data, which stands here so that it goes with the row.
ALTER TABLE accounts ADD COLUMN new_email text;
