//! Events about videos.

use crate::VideoState;
use content_domain::{Change, Happened};
use mcsp_bridge_api::kafka::Event;
use mcsp_events::{Emission, emit};
use mcsp_function::{Context, TraceParent};

/// The event of a change: the whole new state, keyed by the video.
pub fn event(context: &Context, trace: &TraceParent, change: &Change) -> Event {
    let Change { video, happened } = change;
    let emission = Emission {
        topic: topic(*happened),
        service: "content",
        happened: &format!("video.{}", happened.as_str()),
        key: video.origin.id,
        data: VideoState::from(video),
    };
    emit(context, trace, video.updated_at, emission)
}

/// Publications have a topic of their own, for those who wait for nothing else, and so has what is the end of a video.
const fn topic(happened: Happened) -> &'static str {
    match happened {
        Happened::Published => "media.published",
        Happened::Purged => "media.purged",
        Happened::Created
        | Happened::Ready
        | Happened::Failed
        | Happened::Replaced
        | Happened::Edited
        | Happened::CaptionsChanged
        | Happened::ChaptersChanged
        | Happened::VisibilityChanged
        | Happened::RegionsChanged
        | Happened::Unpublished
        | Happened::Scheduled
        | Happened::Unscheduled
        | Happened::Erased
        | Happened::Blocked
        | Happened::Restored
        | Happened::Deleted
        | Happened::Undeleted
        | Happened::Uploaded
        | Happened::CollaboratorsChanged
        | Happened::Transferred
        | Happened::EmbeddingChanged
        | Happened::ThumbnailsChanged => "media.changed",
    }
}
