//! `mcsp.content.video.publication_due.v1`, from a timer that planning a publication sets: publishes the video, unless its
//! owner has planned something else.

use content_contract::{PublicationDue, event};
use content_domain::Outcome;
use content_storage as storage;
use mcsp_events::{Applied, Received, too_early};
use mcsp_function::Context;
use mcsp_problem::Problem;

/// Whoever changes the video at the same time comes first: then the delivery is repeated, and decided on what they left.
pub(crate) async fn apply(context: &Context, received: &Received) -> Result<Applied, Problem> {
    let PublicationDue { video_id } = received.data()?;
    let Some(video) = storage::find(context, video_id).await? else { return Ok(Applied::Ignored) };
    let now = context.now();
    if !video.is_due(now) {
        // It was moved, and its timer with it; or it is not to be published any more.
        return if video.publish_at.is_some() {
            Err(too_early("the publication is still to come"))
        } else {
            Ok(Applied::Ignored)
        };
    }
    // What made it unpublishable since has its say.
    let Ok(Outcome::Changed(change)) = video.publish(now) else { return Ok(Applied::Ignored) };
    let events = vec![event(context, &received.trace, &change)];
    Ok(received.apply(context, vec![storage::update(&change)], events).await?)
}
