//! The chapters of a video, as they are said and shown.

pub(crate) mod file;
pub(crate) mod get;
pub(crate) mod put;

use axum::response::{IntoResponse, Response};
use content_domain::{Chapter, Chapters, Tracks, Video};
use content_storage::{self as storage, Kept};
use http::header;
use mcsp_etag::ETag;
use mcsp_function::Context;
use mcsp_problem::{Json, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The chapters of a video.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Chapters")]
pub(crate) struct ChaptersView {
    /// In their order: up to 100, of which the first begins with the video. May be empty.
    chapters: Vec<ChapterView>,
}

/// A part of a video, until the next one begins.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Chapter")]
pub(crate) struct ChapterView {
    /// From the beginning of the video.
    #[schemars(example = 0)]
    start_ms: u64,
    /// 1 to 100 characters on one line.
    #[schemars(example = &"The way up")]
    title: String,
}

impl From<&Chapters> for ChaptersView {
    fn from(chapters: &Chapters) -> Self {
        ChaptersView { chapters: chapters.as_slice().iter().map(ChapterView::from).collect() }
    }
}

impl From<&Chapter> for ChapterView {
    fn from(Chapter { start_ms, title }: &Chapter) -> Self {
        ChapterView { start_ms: *start_ms, title: title.as_str().to_owned() }
    }
}

/// The chapters of a video, which may be none.
async fn kept(context: &Context, video: &Video) -> Result<Kept<Chapters>, Problem> {
    let none = Kept { version: version(&video.tracks), text: Chapters::default() };
    if video.tracks.chapters.is_none() {
        return Ok(none);
    }
    Ok(storage::chapters(context, video.origin.id).await?.unwrap_or(none))
}

/// The version of the video that its chapters came with; 0 where it has none.
fn version(tracks: &Tracks) -> i64 {
    tracks.chapters.unwrap_or_default()
}

fn answer(version: i64, chapters: &Chapters) -> Response {
    ([(header::ETAG, ETag(version).to_string())], Json(ChaptersView::from(chapters))).into_response()
}
