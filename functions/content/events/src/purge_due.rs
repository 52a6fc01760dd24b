//! `mcsp.content.video.purge_due.v1`, from a timer that deleting a video sets: nothing of it is left but that it was there, unless
//! its owner has had it back.

use content_contract::{PurgeDue, event};
use content_domain::Outcome;
use content_images::clear_video;
use content_storage as storage;
use mcsp_events::{Applied, Received, too_early};
use mcsp_function::Context;
use mcsp_problem::Problem;

/// What was said of it in drafts is forgotten with it, and what the pipeline has made of a file that was not known yet. What comes at
/// the same time comes first, or finds that it is gone.
pub(crate) async fn apply(context: &Context, received: &Received) -> Result<Applied, Problem> {
    let PurgeDue { video_id } = received.data()?;
    let Some(video) = storage::find(context, video_id).await? else { return Ok(Applied::Ignored) };
    let now = context.now();
    // It was deleted again, and its timer moved.
    if video.deletion.is_some_and(|deletion| now < deletion.purge_at()) {
        return Err(too_early("the video can still be had back"));
    }
    let Outcome::Changed(change) = video.purge(now) else { return Ok(Applied::Ignored) };
    let forgotten = [
        storage::forget_passwords(video_id),
        storage::forget_draft(video_id),
        storage::forget_early(video_id),
        storage::forget_shares(video_id),
        storage::forget_offer(video_id),
        storage::forget_pending_thumbnails(video_id),
        clear_video(context, &received.trace, video_id),
    ];
    let written = [storage::lock(video_id), storage::update(&change)].into_iter();
    let statements = written.chain(forgotten).chain(storage::forget_tracks(video_id)).collect();
    Ok(received.apply(context, statements, vec![event(context, &received.trace, &change)]).await?)
}
