-- Which uploads become protected videos. What was uploaded before does not.
ALTER TABLE uploads
    ADD COLUMN protection text NOT NULL DEFAULT 'none' CONSTRAINT uploads_protection CHECK (protection IN ('none', 'cenc'));
