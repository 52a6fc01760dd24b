-- The age that one must have reached to play a video, where its owner says so.
ALTER TABLE videos ADD COLUMN minimum_age bigint CONSTRAINT videos_minimum_age CHECK (minimum_age IN (12, 16, 18));
