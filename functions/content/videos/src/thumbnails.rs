//! The images of a video: those that were taken from it, and those that its owner has sent to the object store.

pub(crate) mod complete;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod select;

use content_domain::{Thumbnail, Video};
use content_images::{Images, ThumbnailView};
use content_storage::PendingThumbnail;
use http::StatusCode;
use mcsp_ids::ThumbnailId;
use mcsp_problem::Problem;

/// An image that the video has, as it is shown.
fn view(images: &Images, video: &Video, id: ThumbnailId) -> Result<ThumbnailView, Problem> {
    let thumbnail = known(video, id).ok_or_else(Problem::not_found)?;
    ThumbnailView::of(images, video, thumbnail)
}

fn known(video: &Video, id: ThumbnailId) -> Option<&Thumbnail> {
    video.thumbnails().find(|thumbnail| thumbnail.id == id)
}

/// What is pinned of the bytes of an image, in its URL and at the store.
fn pinned(pending: &PendingThumbnail) -> (u64, &str, Option<&str>) {
    let file = &pending.file;
    (file.size_bytes, file.content_type.as_str(), Some(file.checksum_sha256.as_str()))
}

/// The video has as many images of its owner's as it can.
fn too_many(error: impl std::fmt::Display) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "too_many_thumbnails",
        "the video has as many thumbnails of its owner's as it can",
    )
    .with_detail(error)
}
