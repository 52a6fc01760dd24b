-- Who works on a video beside its owner, where it is private or asks for a password: they play it.
ALTER TABLE videos ADD COLUMN collaborators jsonb NOT NULL DEFAULT '[]';
