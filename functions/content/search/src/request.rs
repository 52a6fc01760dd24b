//! What can be asked of a search.

use content_domain::{Category, InvalidText, Language, Tag};
use content_storage::{Place, Search, Terms};
use mcsp_paging::{Cursor, Limit};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Bytes of `q`: more than anyone types, and a bound for what Postgres has to parse.
const QUERY_MAX_BYTES: usize = 500;

/// The parameters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchRequest {
    #[serde(default, deserialize_with = "terms")]
    q: Option<Terms>,
    #[serde(default, deserialize_with = "language")]
    language: Option<Language>,
    #[serde(default, deserialize_with = "category")]
    category: Option<Category>,
    #[serde(default, deserialize_with = "tag")]
    tag: Option<Tag>,
    #[serde(default)]
    sort: Sort,
    #[serde(default)]
    pub(crate) limit: Limit,
    cursor: Option<Cursor<Place>>,
}

/// The order of the hits. Without words to look for, nothing is more relevant than the newest.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sort {
    #[default]
    Relevance,
    Newest,
}

/// The cursor comes from a search in another order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor belongs to a search in another order")]
pub(crate) struct ForeignCursor;

impl SearchRequest {
    pub(crate) fn into_search(self) -> Result<Search, ForeignCursor> {
        let SearchRequest { q: terms, language, category, tag, sort, limit: _, cursor } = self;
        let by_relevance = sort == Sort::Relevance && terms.is_some();
        let after = cursor.map(|Cursor(place)| place);
        if after.is_some_and(|place| place.score.is_some() != by_relevance) {
            return Err(ForeignCursor);
        }
        Ok(Search { terms, language, category, tag, by_relevance, after })
    }
}

/// Blank means that nothing is looked for. What can't be in a text can't be found in one, and Postgres
/// takes no NUL.
fn terms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Terms>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.len() > QUERY_MAX_BYTES {
        return Err(D::Error::custom(format_args!("too long, expected at most {QUERY_MAX_BYTES} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(D::Error::custom("unusable, expected no control characters"));
    }
    Ok(Terms::parse(&text))
}

fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Language>, D::Error> {
    parsed(deserializer, Language::parse)
}

fn category<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Category>, D::Error> {
    parsed(deserializer, Category::parse)
}

fn tag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Tag>, D::Error> {
    parsed(deserializer, Tag::parse)
}

fn parsed<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: fn(&str) -> Result<T, InvalidText>,
) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let refuse = |error| D::Error::custom(format_args!("unusable, expected a text that {error}"));
    parse(&text).map(Some).map_err(refuse)
}
