//! What a search is answered with.

use crate::highlight::{Highlight, highlights};
use content_contract::VideoView;
use content_domain::{Terms, Video};
use content_images::{Images, ThumbnailView};
use content_storage::{Count, Facets};
use mcsp_paging::{Packed, Page};
use mcsp_problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;

/// A page of what was found.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SearchResults")]
pub(crate) struct ResultsView {
    #[serde(flatten)]
    pub(crate) page: Page<Packed<FoundView>>,
    /// Whether nothing has the words as they were typed: what is shown has others that differ by a letter, the newest first.
    pub(crate) is_near: bool,
    /// What all that is found has, on all pages; where it was asked for.
    pub(crate) facets: Option<FacetsView>,
}

/// A video that was found.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FoundVideo")]
pub(crate) struct FoundView {
    #[serde(flatten)]
    video: VideoView,
    /// Its texts in which words are that were looked for.
    highlights: Vec<Highlight>,
    /// The image that stands for it, where there is one.
    thumbnail: Option<ThumbnailView>,
}

/// What is found, counted by what it has: of each the twenty most frequent values.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Facets")]
pub(crate) struct FacetsView {
    /// How many videos are found.
    #[schemars(example = 42)]
    total: u64,
    /// By category.
    categories: Vec<CountView>,
    /// By language.
    languages: Vec<CountView>,
    /// By tag.
    tags: Vec<CountView>,
}

/// How many have a value.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FacetCount")]
struct CountView {
    /// As it is filtered by.
    #[schemars(example = &"travel")]
    value: String,
    /// Videos that have it.
    #[schemars(example = 7)]
    count: u64,
}

impl FoundView {
    pub(crate) fn new(
        images: &Images,
        video: &Video,
        (terms, near_will_do): (Option<&Terms>, bool),
    ) -> Result<Self, Problem> {
        let highlights = terms.map(|terms| highlights(video, terms, near_will_do)).unwrap_or_default();
        let thumbnail = ThumbnailView::shown(images, video)?;
        Ok(FoundView { video: VideoView::from(video).for_others(), highlights, thumbnail })
    }
}

impl From<Facets> for FacetsView {
    fn from(facets: Facets) -> Self {
        let Facets { total, categories, languages, tags } = facets;
        let view = |counts: Vec<Count>| {
            counts.into_iter().map(|Count { value, count }| CountView { value, count }).collect()
        };
        FacetsView { total, categories: view(categories), languages: view(languages), tags: view(tags) }
    }
}
