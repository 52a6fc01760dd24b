//! `mcsp.content.video.thumbnails_due.v1`, from a timer: images that nobody wants any more are removed from the object store, and those
//! that were never completed are not waited for any more.

use content_images::{Images, ThumbnailsDue, clear};
use content_storage as storage;
use mcsp_events::{Applied, Received};
use mcsp_problem::Problem;

/// The store first: a delivery that breaks off is repeated, and finds what is left.
pub(crate) async fn apply(images: &Images, received: &Received) -> Result<Applied, Problem> {
    let ThumbnailsDue { video_id, prefix } = received.data()?;
    let context = &images.context;
    let Some(video) = storage::find(context, video_id).await? else { return Ok(Applied::Ignored) };
    clear(images, &video, &prefix).await?;
    let forgotten = vec![storage::forget_late_thumbnails(video_id, context.now())];
    Ok(received.apply(context, forgotten, Vec::new()).await?)
}
