//! `mcsp.content.video.draft_due.v1`, from a timer that a draft sets which comes before its video: where there is no video by then, none
//! will come of its upload, and what was said of it is forgotten.

use content_storage::{self as storage, KeptDraft};
use jiff::{SignedDuration, Timestamp};
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_events::{Applied, Received, Timer, cancel_timer, set_timer};
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_problem::Problem;
use serde::{Deserialize, Serialize};

/// The type of the timer's event.
pub(crate) const DRAFT_DUE: &str = "mcsp.content.video.draft_due.v1";
/// How long a draft waits for its video: as long as an upload may take, and 26 hours for what is told late.
const WAITS_FOR: SignedDuration = SignedDuration::from_hours(24 + 26);
/// The component that forgets.
const FORGETTER: &str = "content-events";

/// That a draft has waited for as long as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct DraftDue {
    /// For which video.
    video_id: VideoId,
    /// When it was submitted: a later word waits anew.
    submitted_at: Timestamp,
}

/// Has a draft forgotten that waits for its video. Said again of the same video, the later word counts.
pub(crate) fn forget_later(context: &Context, received: &Received, kept: &KeptDraft) -> GuardedStatement {
    let timer = Timer {
        component: FORGETTER,
        service: "content",
        happened: "video.draft_due",
        key: key(kept.video),
        due_at: context.now() + WAITS_FOR,
        data: DraftDue { video_id: kept.video, submitted_at: kept.submitted_at },
    };
    set_timer(context, &received.trace, timer)
}

/// Has it not forgotten, as its video is there.
pub(crate) fn do_not_forget(video_id: VideoId) -> GuardedStatement {
    cancel_timer(FORGETTER, key(video_id))
}

/// Of this and the upload's event, whichever comes second finds what the other has left.
pub(crate) async fn apply(context: &Context, received: &Received) -> Result<Applied, Problem> {
    let DraftDue { video_id, submitted_at } = received.data()?;
    let statements = vec![storage::lock(video_id), storage::forget_waiting_draft(video_id, submitted_at)];
    Ok(received.apply(context, statements, Vec::new()).await?)
}

/// Beside the other timers of the video.
fn key(video_id: VideoId) -> String {
    format!("{video_id} draft")
}
