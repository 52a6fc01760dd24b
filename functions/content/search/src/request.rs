//! What can be asked of a search.

use content_domain::{Category, InvalidText, Language, Region, Tag, Terms};
use content_storage::{Filters, Place, Search};
use jiff::Timestamp;
use mcsp_ids::UserId;
use mcsp_paging::{Cursor, Limit};
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// Bytes of `q`: more than anyone types, and a bound for what has to be parsed.
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
    /// Only this account's videos.
    owner_id: Option<UserId>,
    /// Only videos that play so long or longer.
    #[schemars(example = 60_000)]
    min_duration_ms: Option<u32>,
    /// Only videos that play so long or shorter.
    #[schemars(example = 600_000)]
    max_duration_ms: Option<u32>,
    /// Only videos that were first published then or later.
    published_from: Option<Timestamp>,
    /// Only videos that were first published before.
    published_before: Option<Timestamp>,
    /// Whether to count what all that is found has.
    #[serde(default)]
    pub(crate) facets: bool,
    /// The order. Without words, nothing is more relevant than the newest.
    #[serde(default)]
    sort: Sort,
    #[serde(default)]
    pub(crate) limit: Limit,
    cursor: Option<Cursor<Place>>,
}

/// The parameters of suggestions.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuggestRequest {
    /// What has been typed, up to 500 bytes of it. From three letters on the last word is taken for the beginning of one.
    #[serde(deserialize_with = "terms")]
    #[schemars(with = "String", example = &"a walk in the hi")]
    q: Option<Terms>,
}

/// The order of the hits. Without words to look for, nothing is more relevant than the newest.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    /// What has most of the words in its title, and then in its tags, first; of those that have as many, the newest.
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
    /// What it asks for, of what is shown there.
    pub(crate) fn into_search(self, region: Option<Region>) -> Result<Search, ForeignCursor> {
        let SearchRequest { q: terms, language, category, tag, owner_id, sort, cursor, .. } = self;
        let filters = Filters {
            language,
            category,
            tag,
            owner: owner_id,
            min_duration_ms: self.min_duration_ms.map(i64::from),
            max_duration_ms: self.max_duration_ms.map(i64::from),
            published_from: self.published_from,
            published_before: self.published_before,
        };
        let has_wanted = terms.as_ref().is_some_and(|terms| terms.wanted().next().is_some());
        let by_relevance = sort == Sort::Relevance && has_wanted;
        let after = cursor.map(|Cursor(place)| place);
        let search = Search { terms, filters, region, by_relevance, after, ..Search::default() };
        // Where words may have a wrong letter the newest come first, in whichever order one asks for them.
        let search = if after.is_some_and(|place| place.near) { search.near() } else { search };
        if after.is_some_and(|place| place.score.is_some() != search.by_relevance) {
            return Err(ForeignCursor);
        }
        Ok(search)
    }
}

impl SuggestRequest {
    /// What it asks for, of what is shown there; none where nothing was typed.
    pub(crate) fn into_search(self, region: Option<Region>) -> Option<Search> {
        Some(Search { terms: Some(self.q?), titles_only: true, region, ..Search::default() })
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
