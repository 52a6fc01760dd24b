-- Uploads that replace the file of a video which is there: a video has one upload that made it, and one at a time that replaces its file.
ALTER TABLE uploads
    ADD COLUMN replaces boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT uploads_video_id_key;
CREATE UNIQUE INDEX uploads_original ON uploads (video_id) WHERE NOT replaces;
CREATE UNIQUE INDEX uploads_replacement ON uploads (video_id)
    WHERE replaces AND state IN ('waiting', 'uploading', 'verifying', 'initiated', 'processing');
CREATE INDEX uploads_video_id ON uploads (video_id);
