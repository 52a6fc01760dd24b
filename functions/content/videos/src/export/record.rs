//! A record of what there is of a video.

use crate::chapters::ChapterView;
use crate::collaborators::CollaboratorView;
use content_contract::VideoView;
use content_domain::{Language, Origin};
use content_images::{Images, ThumbnailView};
use content_storage::Whole;
use mcsp_ids::{UploadId, VideoId};
use mcsp_problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;

/// A video, or a part of its captions in a language.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExportRecord")]
pub(crate) struct RecordView {
    /// The video; null where the record is of captions.
    video: Option<ExportedVideo>,
    /// A part of captions; null where the record is a video.
    #[schemars(example = ())]
    captions: Option<ExportedCaptions>,
}

/// A video, with all that there is of it but its captions.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExportedVideo")]
struct ExportedVideo {
    #[serde(flatten)]
    shown: VideoView,
    /// What it was made from, once there is something.
    upload_id: Option<UploadId>,
    /// Where its data lives.
    #[schemars(example = &"eu")]
    region: String,
    /// Whether players must need a key for it.
    asks_for_protection: bool,
    /// Its chapters, in their order.
    chapters: Vec<ChapterView>,
    /// Its images, with the URLs from which they can be loaded for an hour at least.
    thumbnails: Vec<ThumbnailView>,
    /// Who works on it beside its owner.
    collaborators: Vec<CollaboratorView>,
}

/// A part of a file of captions.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExportedCaptions")]
struct ExportedCaptions {
    /// Whose captions they are.
    video_id: VideoId,
    /// What they are written in: BCP 47.
    #[schemars(example = &"en-GB")]
    language: String,
    /// The version of the video that they came with. Parts of another one are of another file, and count in its place.
    #[schemars(example = 7)]
    version: i64,
    /// Where the part begins in the file, which is in UTF-8.
    #[schemars(example = 0)]
    offset_bytes: usize,
    /// Whether the file ends with it.
    #[schemars(example = true)]
    is_last: bool,
    /// The part, of a file of WebVTT.
    #[schemars(example = &"WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nIt rains.\n")]
    webvtt: String,
}

impl RecordView {
    pub(super) fn of_video(images: &Images, Whole { video, chapters }: &Whole) -> Result<Self, Problem> {
        let Origin { id: _, owner: _, upload, region, asks_for_protection } = &video.origin;
        let exported = ExportedVideo {
            shown: VideoView::from(video),
            upload_id: *upload,
            region: region.clone(),
            asks_for_protection: *asks_for_protection,
            chapters: chapters.as_slice().iter().map(ChapterView::from).collect(),
            thumbnails: ThumbnailView::all(images, video)?,
            collaborators: CollaboratorView::all(video),
        };
        Ok(RecordView { video: Some(exported), captions: None })
    }

    pub(super) fn of_captions(
        (video_id, language): (VideoId, &Language),
        version: i64,
        (offset_bytes, part): (usize, &str),
        is_last: bool,
    ) -> Self {
        let captions = ExportedCaptions {
            video_id,
            language: language.as_str().to_owned(),
            version,
            offset_bytes,
            is_last,
            webvtt: part.to_owned(),
        };
        RecordView { video: None, captions: Some(captions) }
    }
}
