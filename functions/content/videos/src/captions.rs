//! The captions of a video: a file of WebVTT in each language.

pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod put;
mod sent;

use content_domain::{Language, Tracks};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A language in a path.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct LanguageTag(
    /// BCP 47, of language, script and region.
    #[schemars(with = "String", example = &"en-GB")]
    Language,
);

/// That there are captions in a language.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Captions")]
pub(crate) struct CaptionsView {
    /// What they are written in: BCP 47.
    #[schemars(example = &"en-GB")]
    language: String,
    /// As in their ETag: the version of the video that they came with.
    #[schemars(example = 7)]
    version: i64,
}

impl CaptionsView {
    fn of(language: &Language, version: i64) -> Self {
        CaptionsView { language: language.as_str().to_owned(), version }
    }
}

/// The version of the video that its captions in a language came with; 0 where it has none.
fn version(tracks: &Tracks, language: &Language) -> i64 {
    tracks.captions.get(language).copied().unwrap_or_default()
}
