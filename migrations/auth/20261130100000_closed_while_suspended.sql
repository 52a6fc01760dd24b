-- Since when an account that is suspended is closed beside, where its owner had given it up before: it goes on to its erasure, and
-- is closed again when it is reinstated. A component of before can't leave it to an account that is suspended no more: its change
-- fails, and is made again by a new one.
ALTER TABLE accounts
    ADD COLUMN closed_since timestamptz,
    ADD CONSTRAINT accounts_closed_since CHECK (closed_since IS NULL OR state = 'suspended');
