//! A video that is deleted or given back, with the timer that brings about that nothing of it is left.

use crate::plan;
use content_domain::{Gone, Outcome, Video};
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

/// Deletes a video, with the statement that belongs to it: it is purged when its time comes. What is purged can't be deleted.
pub fn deleted(
    context: &Context,
    trace: &TraceParent,
    video: Video,
) -> Result<(Outcome, Option<GuardedStatement>), Gone> {
    if video.is_purged() {
        return Err(Gone);
    }
    let outcome = video.delete(context.now());
    let purge = match &outcome {
        Outcome::Changed(change) => purge_later(context, trace, &change.video),
        Outcome::Unchanged(_) => None,
    };
    Ok((outcome, purge))
}

/// Gives a video back, with the statements that belong to it: it is not purged, and a publication that was due follows at once.
pub fn given_back(
    context: &Context,
    trace: &TraceParent,
    video: Video,
) -> Result<(Outcome, Vec<GuardedStatement>), Gone> {
    let outcome = video.undelete(context.now())?;
    let also = match &outcome {
        // One that is kept back besides is not published by it.
        Outcome::Changed(change) => plan(context, trace, &change.video)
            .into_iter()
            .chain([do_not_purge(change.video.origin.id)])
            .collect(),
        Outcome::Unchanged(_) => Vec::new(),
    };
    Ok((outcome, also))
}

fn purge_later(context: &Context, trace: &TraceParent, video: &Video) -> Option<GuardedStatement> {
    let (due_at, video_id) = (video.deletion?.purge_at(), video.origin.id);
    let (service, happened, data) = ("content", "video.purge_due", PurgeDue { video_id });
    let timer = Timer { component: PURGER, service, happened, key: key(video_id), due_at, data };
    Some(set_timer(context, trace, timer))
}

fn do_not_purge(video_id: VideoId) -> GuardedStatement {
    cancel_timer(PURGER, key(video_id))
}

/// Beside the timer of a planned publication.
fn key(video_id: VideoId) -> String {
    format!("{video_id} purge")
}
