//! Full text search on Postgres: titles weigh most, then tags, then descriptions.

use crate::ReadError;
use crate::row::{COLUMNS, read};
use content_domain::{Category, Language, Tag, Video};
use jiff::Timestamp;
use mcsp_bridge_api::postgres::Value;
use mcsp_bridge_api::sql::{Rows, Sql, sql};
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_paging::Limit;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// `content_domain::decide` for search, in SQL, word for word as the indexes have it. A test compares them.
const FINDABLE: &str = "state = 'published' AND visibility = 'public'";
/// `$1` is what was typed, `$2` whether its last word may be the beginning of a word.
const QUERY: &str = "CASE WHEN $2 AND websearch_to_tsquery('simple', $1)::text LIKE '%''' \
     THEN (websearch_to_tsquery('simple', $1)::text || ':*')::tsquery \
     ELSE websearch_to_tsquery('simple', $1) END";
/// The fewest letters that are taken for the beginning of a word: fewer begin nearly everything, and all of it
/// would have to be ranked.
const PREFIX_MIN_LETTERS: usize = 3;
/// As a whole number, so that a cursor names a place exactly. The 1 holds back long descriptions.
const SCORE: &str = "(ts_rank(search, query, 1) * 1000000)::bigint";

/// What is looked for, and where to go on.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Words; all videos without.
    pub terms: Option<Terms>,
    /// Spoken in it.
    pub language: Option<Language>,
    /// Filed under it.
    pub category: Option<Category>,
    /// Has it.
    pub tag: Option<Tag>,
    /// Whether the best come first; otherwise the newest.
    pub by_relevance: bool,
    /// The last hit that was seen.
    pub after: Option<Place>,
}

/// Words to look for, as people type them into search engines: `cat "living room" -dog or fox`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    text: String,
    last_is_prefix: bool,
}

impl Terms {
    /// The last word is taken for the beginning of one, unless it is closed off (in quotes, excluded, or
    /// followed by something else) or has fewer than three letters.
    ///
    /// Nothing where there are no words.
    pub fn parse(text: &str) -> Option<Self> {
        // As the texts that are searched.
        let text: String = text.nfc().collect();
        if text.trim().is_empty() {
            return None;
        }
        let last = text.rsplit(char::is_whitespace).next().unwrap_or_default();
        // Postgres may take a part for a word of its own, as in `foo-b`.
        let letters = last.chars().rev().take_while(|letter| letter.is_alphanumeric()).count();
        let is_open = letters >= PREFIX_MIN_LETTERS && !last.starts_with('-');
        let in_quotes = !text.matches('"').count().is_multiple_of(2) || last.contains('"');
        Some(Terms { last_is_prefix: is_open && !in_quotes, text })
    }
}

/// A hit's place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// How well it fits; none where only the date counts.
    pub score: Option<i64>,
    /// When it was first published.
    pub published_at: Timestamp,
    /// Tells apart what is otherwise equal.
    pub id: VideoId,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The video.
    pub video: Video,
    /// Where it stands.
    pub place: Place,
}

/// The hits in their order, with the one that tells of a next page.
pub async fn search(context: &Context, search: &Search, limit: Limit) -> Result<Vec<Hit>, ReadError> {
    let set = context.bridge().query(statement(search, limit).into()).await?;
    let hits = Rows::new("videos", set).map(|row| {
        let video = read(row)?;
        let score = row.take("score")?;
        let published_at = row.take("published_at")?;
        let place = Place { score, published_at, id: video.origin.id };
        Ok(Hit { video, place })
    })?;
    Ok(hits)
}

/// Only values are bound; the text is put together from the constants above.
fn statement(search: &Search, limit: Limit) -> Sql {
    let mut values: Vec<Value> = Vec::new();
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let (mut from, mut found) = ("videos".to_owned(), FINDABLE.to_owned());
    if let Some(Terms { text, last_is_prefix }) = &search.terms {
        bind(text.as_str().into());
        bind((*last_is_prefix).into());
        from = format!("videos, (SELECT {QUERY} AS query) AS asked");
        found.push_str(" AND search @@ query");
    }
    if let Some(language) = &search.language {
        found.push_str(&format!(" AND language = {}", bind(language.as_str().into())));
    }
    if let Some(category) = &search.category {
        found.push_str(&format!(" AND category = {}", bind(category.as_str().into())));
    }
    if let Some(tag) = &search.tag {
        found.push_str(&format!(" AND tags @> {}", bind(vec![tag.as_str().to_owned()].into())));
    }
    let scored = search.by_relevance && search.terms.is_some();
    let (score, order) = if scored { (SCORE, "score, ") } else { ("NULL::bigint", "") };
    let mut after = String::new();
    if let Some(Place { score, published_at, id }) = search.after {
        let score = if scored { format!("{}, ", bind(score.into())) } else { String::new() };
        let (published_at, id) = (bind(published_at.into()), bind(id.uuid().into()));
        after = format!("WHERE ({order}first_published_at, id) < ({score}{published_at}, {id})");
    }
    let limit = bind(limit.rows_to_read().into());
    let descending = if scored { "score DESC, " } else { "" };
    let text = format!(
        "SELECT {COLUMNS}, score, first_published_at FROM \
         (SELECT {COLUMNS}, {score} AS score FROM {from} WHERE {found}) AS hits {after} \
         ORDER BY {descending}first_published_at DESC, id DESC LIMIT {limit}"
    );
    values.into_iter().fold(sql(&text), Sql::bind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_word_that_is_still_being_typed_is_a_prefix() {
        for open in ["cat", "black cat", "\"black cat\" dog", "caf\u{e9}", "-dog cat", "c cat", "k-9 cat"] {
            assert!(Terms::parse(open).unwrap().last_is_prefix, "{open}");
        }
        for closed in ["cat ", "\"black cat", "\"black cat\"", "cat -dog", "cat!", "-"] {
            assert!(!Terms::parse(closed).unwrap().last_is_prefix, "{closed}");
        }
        assert_eq!(Terms::parse(" \u{3000}"), None);
    }

    #[test]
    fn few_letters_are_a_word_and_no_prefix() {
        for few in ["a", "ca", "black ca", "black-ca", "black.c", "e\u{301}e\u{301}"] {
            assert!(!Terms::parse(few).unwrap().last_is_prefix, "{few}");
        }
    }
}
