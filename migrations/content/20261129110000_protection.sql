-- Whether whoever uploaded the video asked that players need a key for it.
ALTER TABLE videos ADD COLUMN asks_for_protection boolean NOT NULL DEFAULT false;
