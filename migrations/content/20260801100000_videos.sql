-- Videos: each row is one aggregate, guarded by its version; the search index is a column of it, so that it can't be older than the row.

-- array_to_string is only stable, since it can depend on settings for other element types; for text it does not.
CREATE FUNCTION words_of(tags text[]) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN array_to_string(tags, ' ');

CREATE TABLE videos (
    id uuid CONSTRAINT videos_pkey PRIMARY KEY,
    owner_id uuid NOT NULL,
    upload_id uuid NOT NULL,
    region text NOT NULL,
    version bigint NOT NULL CONSTRAINT videos_version CHECK (version > 0),
    state text NOT NULL CONSTRAINT videos_state
        CHECK (state IN ('processing', 'ready', 'published', 'unpublished', 'failed')),
    visibility text NOT NULL CONSTRAINT videos_visibility
        CHECK (visibility IN ('public', 'unlisted', 'private')),
    title text,
    description text NOT NULL,
    tags text[] NOT NULL,
    category text,
    language text,
    -- {duration_ms, renditions, packaged}
    media jsonb,
    failure_code text,
    first_published_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', coalesce(title, '')), 'A')
        || setweight(to_tsvector('simple', words_of(tags)), 'B')
        || setweight(to_tsvector('simple', description), 'C')
    ) STORED,
    CONSTRAINT videos_media CHECK ((media IS NOT NULL) = (state IN ('ready', 'published', 'unpublished'))),
    CONSTRAINT videos_failure CHECK ((failure_code IS NOT NULL) = (state = 'failed')),
    CONSTRAINT videos_first_published
        CHECK ((first_published_at IS NOT NULL) = (state IN ('published', 'unpublished'))),
    CONSTRAINT videos_published_title CHECK (state <> 'published' OR title IS NOT NULL)
);

-- An owner's list, newest first: ids are UUIDv7 and sort by time.
CREATE INDEX videos_owner ON videos (owner_id, id);
CREATE INDEX videos_owner_state ON videos (owner_id, state, id);

-- What search may show, and nothing else, is in the indexes of search.
CREATE INDEX videos_search ON videos USING gin (search) WHERE state = 'published' AND visibility = 'public';
CREATE INDEX videos_tags ON videos USING gin (tags) WHERE state = 'published' AND visibility = 'public';
CREATE INDEX videos_newest ON videos (first_published_at, id)
    WHERE state = 'published' AND visibility = 'public';
CREATE INDEX videos_newest_of_category ON videos (category, first_published_at, id)
    WHERE state = 'published' AND visibility = 'public';
CREATE INDEX videos_newest_of_language ON videos (language, first_published_at, id)
    WHERE state = 'published' AND visibility = 'public';
