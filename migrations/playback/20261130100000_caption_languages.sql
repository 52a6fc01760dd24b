-- In which languages a video has captions, which Content serves. Of videos that were told of before, none is known until they change.
ALTER TABLE videos ADD COLUMN caption_languages text[] NOT NULL DEFAULT '{}';
