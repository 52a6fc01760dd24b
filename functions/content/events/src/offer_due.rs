//! `mcsp.content.video.offer_due.v1`, from a timer that offering a video sets: an offer that nobody has accepted is forgotten, with whom it
//! names.

use content_contract::OfferDue;
use content_storage as storage;
use mcsp_events::{Applied, Received, too_early};
use mcsp_function::Context;
use mcsp_problem::Problem;

/// An offer that is made at the same time stays: the statement looks at its time again.
pub(crate) async fn apply(context: &Context, received: &Received) -> Result<Applied, Problem> {
    let OfferDue { video_id } = received.data()?;
    let now = context.now();
    let Some(offer) = storage::offer_of(context, video_id).await? else { return Ok(Applied::Ignored) };
    // Another one was made, and the timer moved.
    if now < offer.expires_at {
        return Err(too_early("the offer can still be accepted"));
    }
    let forgotten = vec![storage::forget_late_offer(video_id, now)];
    Ok(received.apply(context, forgotten, Vec::new()).await?)
}
