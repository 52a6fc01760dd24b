//! A video with what stands for it.

use content_contract::VideoView;
use content_domain::Video;
use content_images::{Images, ThumbnailView};
use mcsp_ids::UserId;
use mcsp_problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;

/// A video, with the image that stands for it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "VideoPage")]
pub(crate) struct PageView {
    #[serde(flatten)]
    video: VideoView,
    /// The image that stands for it, where there is one.
    thumbnail: Option<ThumbnailView>,
}

impl PageView {
    pub(crate) fn of(images: &Images, video: &Video) -> Result<Self, Problem> {
        Ok(PageView { video: VideoView::from(video), thumbnail: ThumbnailView::shown(images, video)? })
    }

    /// As it is shown to somebody, where it is anybody known.
    pub(crate) fn shown_to(self, viewer: Option<UserId>) -> Self {
        PageView { video: self.video.shown_to(viewer), ..self }
    }
}
