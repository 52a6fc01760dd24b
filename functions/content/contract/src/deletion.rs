//! A video that is deleted: the timer that brings about that nothing of it is left.

use content_domain::Video;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_events::{Timer, cancel_timer, set_timer};
use mcsp_function::{Context, TraceParent};
use mcsp_ids::VideoId;
use serde::{Deserialize, Serialize};

/// The type of the event that a deleted video can't be had back any more.
pub const PURGE_DUE: &str = "mcsp.content.video.purge_due.v1";
/// The component that purges.
const PURGER: &str = "content-events";

/// That nothing is to be left of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgeDue {
    /// Which.
    pub video_id: VideoId,
}

/// Has a video that is deleted purged when its time comes.
pub fn purge_later(context: &Context, trace: &TraceParent, video: &Video) -> Option<GuardedStatement> {
    let (due_at, video_id) = (video.deletion?.purge_at(), video.origin.id);
    let (service, happened, data) = ("content", "video.purge_due", PurgeDue { video_id });
    let timer = Timer { component: PURGER, service, happened, key: key(video_id), due_at, data };
    Some(set_timer(context, trace, timer))
}

/// Has it not purged.
pub fn do_not_purge(video_id: VideoId) -> GuardedStatement {
    cancel_timer(PURGER, key(video_id))
}

/// Beside the timer of a planned publication.
fn key(video_id: VideoId) -> String {
    format!("{video_id} purge")
}
