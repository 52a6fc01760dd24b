-- The age that a video asks for, where it does.
ALTER TABLE videos ADD COLUMN minimum_age bigint;
