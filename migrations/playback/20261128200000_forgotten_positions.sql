-- A position that its viewer had forgotten stays as the time of that, so that no older one takes its place.
ALTER TABLE positions ALTER COLUMN position_ms DROP NOT NULL;

-- Playback's own copy of what it must know of an account. Of one that is erased it is the last that is known.
CREATE TABLE accounts (
    user_id uuid PRIMARY KEY,
    -- Auth's version: a row never goes back to an earlier one.
    version bigint NOT NULL,
    state text NOT NULL CONSTRAINT accounts_state CHECK (state IN ('active', 'suspended', 'closed', 'erased'))
);
