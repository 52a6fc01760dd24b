-- The thumbprint of the key that the refresh tokens of a public client are bound to (RFC 9449 section 5), where it has proved one.
ALTER TABLE refresh_families ADD COLUMN dpop_jkt text;
