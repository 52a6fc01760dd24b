-- Videos that were given to other accounts: with which of Content's versions, so that what is older and comes late changes nothing.
CREATE TABLE handovers (
    video_id uuid CONSTRAINT handovers_pkey PRIMARY KEY,
    version bigint NOT NULL
);
