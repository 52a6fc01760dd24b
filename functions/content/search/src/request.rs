//! What can be asked of a search.

use content_domain::{Category, InvalidText, Language, Tag};
use content_storage::{Place, Search, Terms};
use mcsp_paging::{Cursor, Limit};
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// Bytes of `q`: more than anyone types, and a bound for what Postgres has to parse.
const QUERY_MAX_BYTES: usize = 500;

/// The parameters.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchRequest {
    /// Words to look for, up to 500 bytes of them. `"in quotes"` is a phrase, `-word` must not be there, `or` stands
    /// between alternatives. Without words every video is found.
    #[serde(default, deserialize_with = "terms")]
    #[schemars(with = "Option<String>", example = &"walk -rain")]
    q: Option<Terms>,
    /// Only videos in this language (BCP 47).
    #[serde(default, deserialize_with = "language")]
    #[schemars(with = "Option<String>", example = &"en")]
    language: Option<Language>,
    /// Only videos of this category.
    #[serde(default, deserialize_with = "category")]
    #[schemars(with = "Option<String>", example = &"travel")]
    category: Option<Category>,
    /// Only videos with this tag.
    #[serde(default, deserialize_with = "tag")]
    #[schemars(with = "Option<String>", example = &"hiking")]
    tag: Option<Tag>,
    /// The order. Without words, nothing is more relevant than the newest.
    #[serde(default)]
    sort: Sort,
    #[serde(default)]
    pub(crate) limit: Limit,
    cursor: Option<Cursor<Place>>,
}

/// The order of the hits. Without words to look for, nothing is more relevant than the newest.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    /// The best match first.
    #[default]
    Relevance,
    /// The one that was first published last, first.
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
