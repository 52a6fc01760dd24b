//! Publications that were planned before there was a video to publish.

use content_contract::publish_later;
use content_domain::{State, Video};
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_function::{Context, TraceParent};

/// The timer of a planned publication, once there is something to publish. One whose time has passed is due at once.
pub(crate) fn plan(context: &Context, trace: &TraceParent, video: &Video) -> Option<GuardedStatement> {
    match &video.state {
        State::Ready(_) | State::Unpublished { .. } => {
            video.publish_at.map(|publish_at| publish_later(context, trace, video.origin.id, publish_at))
        }
        State::Processing | State::Published { .. } | State::Failed(_) => None,
    }
}
