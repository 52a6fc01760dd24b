//! A video with what stands for it.

use content_contract::VideoView;
use content_domain::Video;
use content_images::{Images, ThumbnailView};
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

    /// As those see it who do not work on it.
    pub(crate) fn for_others(self) -> Self {
        PageView { video: self.video.for_others(), ..self }
    }
}
