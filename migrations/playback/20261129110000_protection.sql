-- How the segments of videos are encrypted, where they are: {scheme, key_ids, seed_id}. No key.
ALTER TABLE videos ADD COLUMN protection jsonb;
