//! A publication that is planned: the timer that brings it about.

use content_domain::{State, Video};
use jiff::Timestamp;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_events::{Timer, cancel_timer, set_timer};
use mcsp_function::{Context, TraceParent};
use mcsp_ids::VideoId;
use serde::{Deserialize, Serialize};

/// The type of the event of a planned publication.
pub const PUBLICATION_DUE: &str = "mcsp.content.video.publication_due.v1";
/// The component that publishes.
const PUBLISHER: &str = "content-events";

/// That a video is to be published now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicationDue {
    /// Which.
    pub video_id: VideoId,
}

/// Has a video published when its time comes. Said again, it is moved.
pub fn publish_later(
    context: &Context,
    trace: &TraceParent,
    video_id: VideoId,
    due_at: Timestamp,
) -> GuardedStatement {
    let (service, happened, data) = ("content", "video.publication_due", PublicationDue { video_id });
    set_timer(context, trace, Timer { component: PUBLISHER, service, happened, key: video_id, due_at, data })
}

/// The timer of a planned publication, once there is something to publish. One whose time has passed is due at once.
pub fn plan(context: &Context, trace: &TraceParent, video: &Video) -> Option<GuardedStatement> {
    match &video.state {
        State::Ready(_) | State::Unpublished { .. } => {
            video.publish_at.map(|publish_at| publish_later(context, trace, video.origin.id, publish_at))
        }
        State::Draft | State::Processing | State::Published { .. } | State::Failed(_) => None,
    }
}

/// Has it not published.
pub fn do_not_publish(video_id: VideoId) -> GuardedStatement {
    cancel_timer(PUBLISHER, video_id)
}
