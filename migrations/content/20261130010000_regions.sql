-- Where a video is shown and played: only in the allowed regions, unless there is none, and never in the denied ones.
ALTER TABLE videos
    ADD COLUMN regions_allow text[] NOT NULL DEFAULT '{}',
    ADD COLUMN regions_deny text[] NOT NULL DEFAULT '{}';
