-- Search: words without what Postgres takes for addresses and numbers, words that are near others, and what filters ask for.

-- Punctuation of ASCII separates words, always: Postgres would take `a@b.example` or `1.5` for one. The rest is left to its parser.
CREATE FUNCTION words_in(text text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN to_tsvector('simple', translate(text, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)));

-- Each word of 4 to 30 letters, and what is left of it without each of its letters: two words are near if they have one of these in
-- common. What is asked for says the same (`content_domain::Terms`).
CREATE FUNCTION near_words(words tsvector) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ARRAY(
        SELECT DISTINCT left(lexeme, place) || substr(lexeme, place + 2)
        FROM unnest(words), generate_series(0, length(lexeme)) AS place
        WHERE length(lexeme) BETWEEN 4 AND 30
    );

-- contracts: nothing. In one statement another `search` takes the place of the one before, and code of before searches it as it did.
ALTER TABLE videos
    DROP COLUMN search,
    ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(words_in(coalesce(title, '')), 'A')
        || setweight(words_in(words_of(tags)), 'B')
        || setweight(words_in(description), 'C')
    ) STORED,
    ADD COLUMN near text[] NOT NULL GENERATED ALWAYS AS (
        CASE WHEN state = 'published' AND visibility = 'public'
            THEN near_words(words_in(coalesce(title, '')) || words_in(words_of(tags))) ELSE '{}' END
    ) STORED,
    ADD COLUMN duration_ms bigint GENERATED ALWAYS AS ((media ->> 'duration_ms')::bigint) STORED;

-- As before: what search may show, and nothing else.
CREATE INDEX videos_search ON videos USING gin (search) WHERE state = 'published' AND visibility = 'public';
CREATE INDEX videos_near ON videos USING gin (near) WHERE state = 'published' AND visibility = 'public';
CREATE INDEX videos_newest_of_owner ON videos (owner_id, first_published_at, id)
    WHERE state = 'published' AND visibility = 'public';
CREATE INDEX videos_duration ON videos (duration_ms) WHERE state = 'published' AND visibility = 'public';
