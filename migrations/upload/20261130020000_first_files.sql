-- Uploads that bring the first file of a video which is there already, a draft: where one comes to nothing before it is announced, another
-- may bring it. A video has one upload at a time that does, and one that was announced.
DROP INDEX uploads_original;
CREATE UNIQUE INDEX uploads_original ON uploads (video_id)
    WHERE NOT replaces AND (initiated_at IS NOT NULL OR state IN ('waiting', 'uploading', 'verifying'));
