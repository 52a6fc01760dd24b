//! What is asked of a search, and what it finds, whatever finds it.

use content_domain::{Category, Language, Region, Tag, Term, Terms, Video};
use jiff::Timestamp;
use mcsp_ids::{UserId, VideoId};
use serde::{Deserialize, Serialize};

/// The values of a facet that are told: the most frequent ones.
pub const FACET_VALUES_MAX: usize = 20;

/// What is looked for, and where to go on.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Words; all videos without.
    pub terms: Option<Terms>,
    /// Whether words may have a wrong letter.
    pub near_will_do: bool,
    /// Whether the words must stand in the title.
    pub titles_only: bool,
    /// What else must be so.
    pub filters: Filters,
    /// Where the one who looks is. Where that is not known, what is shown everywhere is found, and nothing else.
    pub region: Option<Region>,
    /// Whether the best come first; otherwise the newest.
    pub by_relevance: bool,
    /// The last hit that was seen.
    pub after: Option<Place>,
}

/// What must be so of a video that is found.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    /// Spoken in it.
    pub language: Option<Language>,
    /// Filed under it.
    pub category: Option<Category>,
    /// Has it.
    pub tag: Option<Tag>,
    /// Whose it is.
    pub owner: Option<UserId>,
    /// It plays this long at least.
    pub min_duration_ms: Option<i64>,
    /// It plays this long at most.
    pub max_duration_ms: Option<i64>,
    /// First published then or later.
    pub published_from: Option<Timestamp>,
    /// First published before.
    pub published_before: Option<Timestamp>,
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
    /// Whether it is the place among videos whose words may have a wrong letter.
    #[serde(default)]
    pub near: bool,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The video; none where it is not to be found any more, and the index does not know yet.
    pub video: Option<Video>,
    /// Where it stands.
    pub place: Place,
}

/// How many of what is found have what, however many pages it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    /// All of them.
    pub total: u64,
    /// By category, the most frequent first.
    pub categories: Vec<Count>,
    /// By language.
    pub languages: Vec<Count>,
    /// By tag.
    pub tags: Vec<Count>,
}

/// How many have a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The value.
    pub value: String,
    /// How many.
    pub count: u64,
}

impl Search {
    /// The same, where words may have a wrong letter. There is no better and worse then: the newest come first.
    #[must_use]
    pub fn near(self) -> Self {
        Search { near_will_do: true, by_relevance: false, ..self }
    }

    /// Whether hits have a score. It is the same whatever finds them: for each term that is looked for,
    /// [`POINTS_IN_TITLE`](Self::POINTS_IN_TITLE) and [`POINTS_IN_TAGS`](Self::POINTS_IN_TAGS).
    pub fn scores(&self) -> impl Iterator<Item = &Term> {
        self.terms.iter().filter(|_| self.by_relevance).flat_map(Terms::wanted)
    }

    /// For a term that is in the title.
    pub const POINTS_IN_TITLE: u32 = 2;
    /// For a term that is in the tags.
    pub const POINTS_IN_TAGS: u32 = 1;
}
