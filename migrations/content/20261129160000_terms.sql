-- On what terms a video may be used, whether it is for children, and whatever else its owner says.
ALTER TABLE videos
    ADD COLUMN licence text CONSTRAINT videos_licence CHECK (
        licence IN ('standard', 'cc-by', 'cc-by-sa', 'cc-by-nd', 'cc-by-nc', 'cc-by-nc-sa', 'cc-by-nc-nd', 'cc0')
    ),
    ADD COLUMN made_for_kids boolean,
    ADD COLUMN custom_fields jsonb NOT NULL DEFAULT '{}';
