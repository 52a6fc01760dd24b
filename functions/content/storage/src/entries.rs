//! What of videos goes into the index of a search engine. Their words are those that Postgres searches, so that both find the same.

use crate::ReadError;
use crate::hits::FINDABLE;
use jiff::Timestamp;
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, sql};
use mcsp_function::Context;
use mcsp_ids::{UserId, VideoId};
use uuid::Uuid;

/// A video in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub id: VideoId,
    /// The row's version.
    pub version: i64,
    /// None of one that search may not show: it stays in the index without anything, so that an older version can't come back.
    pub content: Option<Content>,
}

/// What a video is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The words of all its texts in their order, between spaces.
    pub words: String,
    /// Those of its title.
    pub title_words: String,
    /// Those of its tags.
    pub tag_words: String,
    /// What near words have in common with those of title and tags.
    pub near: Vec<String>,
    /// Whose it is.
    pub owner: UserId,
    /// What it is filed under.
    pub category: Option<String>,
    /// What is spoken.
    pub language: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// How long it plays.
    pub duration_ms: i64,
    /// When it was first published.
    pub published_at: Timestamp,
    /// Only there, unless empty.
    pub regions_allow: Vec<String>,
    /// Not there.
    pub regions_deny: Vec<String>,
}

/// In the order of [`read`].
const COLUMNS: &str = "id, version, is_findable, coalesce(words, ''), coalesce(title_words, ''), coalesce(tag_words, ''), near, \
     owner_id, category, language, tags, duration_ms, first_published_at, regions_allow, regions_deny";

/// The entries of these videos, in no order; none for what is not there.
pub async fn entries(context: &Context, ids: &[VideoId]) -> Result<Vec<Entry>, ReadError> {
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    let videos = format!("SELECT *, {FINDABLE} AS is_findable FROM videos WHERE id = ANY ($1)");
    let set = context.bridge().query(sql(&with_words(&videos)).bind(ids).into()).await?;
    Ok(Rows::new("videos", set).map(read)?)
}

/// The entries of the next so many videos, in the order of their ids.
pub async fn entries_after(
    context: &Context,
    after: Option<VideoId>,
    count: i64,
) -> Result<Vec<Entry>, ReadError> {
    let videos = format!(
        "SELECT *, {FINDABLE} AS is_findable FROM videos WHERE id > coalesce($1, '{}') ORDER BY id LIMIT $2",
        Uuid::nil()
    );
    let statement = sql(&with_words(&videos)).bind(after.map(|id| id.uuid())).bind(count);
    Ok(Rows::new("videos", context.bridge().query(statement.into()).await?).map(read)?)
}

/// How many videos there are, findable or not.
pub async fn videos_count(context: &Context) -> Result<u64, ReadError> {
    let statement = sql("SELECT count(*) FROM videos");
    let count = Rows::new("videos", context.bridge().query(statement.into()).await?);
    Ok(count.first(|row| row.take("count"))?.unwrap_or_default())
}

fn with_words(videos: &str) -> String {
    format!(
        "SELECT {COLUMNS} FROM ({videos}) AS videos, LATERAL ( \
             SELECT string_agg(lexeme, ' ' ORDER BY place) AS words, \
                 string_agg(lexeme, ' ' ORDER BY place) FILTER (WHERE weight = 'A') AS title_words, \
                 string_agg(lexeme, ' ' ORDER BY place) FILTER (WHERE weight = 'B') AS tag_words \
             FROM unnest(CASE WHEN is_findable THEN search END) AS found (lexeme, places, weights), \
                 unnest(places, weights) AS at (place, weight)) AS texts \
         ORDER BY id"
    )
}

fn read(row: &mut Row<'_>) -> Result<Entry, Inconsistency> {
    let id = VideoId::from_uuid(row.take("id")?);
    let version = row.take("version")?;
    if !row.take::<bool>("is_findable")? {
        return Ok(Entry { id, version, content: None });
    }
    let content = Content {
        words: row.take("words")?,
        title_words: row.take("title_words")?,
        tag_words: row.take("tag_words")?,
        near: row.take("near")?,
        owner: UserId::from_uuid(row.take("owner_id")?),
        category: row.take("category")?,
        language: row.take("language")?,
        tags: row.take("tags")?,
        duration_ms: row.take("duration_ms")?,
        published_at: row.take("first_published_at")?,
        regions_allow: row.take("regions_allow")?,
        regions_deny: row.take("regions_deny")?,
    };
    Ok(Entry { id, version, content: Some(content) })
}
