//! An offer of a video: the timer that has it forgotten when it has expired.

use content_domain::Offer;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_events::{Timer, cancel_timer, set_timer};
use mcsp_function::{Context, TraceParent};
use mcsp_ids::VideoId;
use serde::{Deserialize, Serialize};

/// The type of the event that an offer of a video has expired.
pub const OFFER_DUE: &str = "mcsp.content.video.offer_due.v1";
/// The component that forgets.
const FORGETTER: &str = "content-events";

/// That an offer of a video has expired. It names no account: what is forgotten is not to be left here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferDue {
    /// Of which.
    pub video_id: VideoId,
}

/// Has an offer of a video forgotten when it has expired. Of another one of the same video the later word counts.
pub fn forget_offer_later(
    context: &Context,
    trace: &TraceParent,
    video_id: VideoId,
    offer: &Offer,
) -> GuardedStatement {
    let (service, happened, data) = ("content", "video.offer_due", OfferDue { video_id });
    let (key, due_at) = (key(video_id), offer.expires_at);
    set_timer(context, trace, Timer { component: FORGETTER, service, happened, key, due_at, data })
}

/// Has none forgotten, as there is none any more.
pub fn do_not_forget_offer(video_id: VideoId) -> GuardedStatement {
    cancel_timer(FORGETTER, key(video_id))
}

/// Beside the other timers of the video.
fn key(video_id: VideoId) -> String {
    format!("{video_id} offer")
}
