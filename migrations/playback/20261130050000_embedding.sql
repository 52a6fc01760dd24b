-- Which pages may embed a video: any, none, or those of these origins.
ALTER TABLE videos
    ADD COLUMN embedding text NOT NULL DEFAULT 'anywhere'
        CONSTRAINT videos_embedding CHECK (embedding IN ('anywhere', 'nowhere', 'listed')),
    ADD COLUMN embedding_origins text[] NOT NULL DEFAULT '{}';
