-- Passkeys (WebAuthn) are factors beside authenticators; each of their challenges is answered once.
ALTER TABLE factors
    ADD COLUMN kind text NOT NULL DEFAULT 'totp',
    ALTER COLUMN sealed_secret DROP NOT NULL,
    -- What authenticators call it. Random, and nobody's secret.
    ADD COLUMN credential_id bytea,
    -- COSE_Key.
    ADD COLUMN public_key bytea,
    ADD COLUMN sign_count bigint,
    ADD COLUMN backup_eligible boolean,
    ADD COLUMN backed_up boolean,
    ADD CONSTRAINT factors_kind CHECK (
        kind = 'totp' AND sealed_secret IS NOT NULL AND credential_id IS NULL
        OR kind = 'passkey' AND sealed_secret IS NULL
            AND (confirmed_at IS NULL) = (credential_id IS NULL)
            AND (credential_id IS NULL) = (public_key IS NULL)
            AND (credential_id IS NULL) = (sign_count IS NULL)
            AND (credential_id IS NULL) = (backup_eligible IS NULL)
            AND (credential_id IS NULL) = (backed_up IS NULL)
    );

ALTER TABLE factors ADD CONSTRAINT factors_credential_id UNIQUE (credential_id);

CREATE TABLE answered_challenges (
    -- SHA-256 of the challenge, in base64url.
    hash text PRIMARY KEY,
    -- From then on the challenge itself says that it is too old.
    expires_at timestamptz NOT NULL
);

CREATE INDEX answered_challenges_expires_at ON answered_challenges (expires_at);
