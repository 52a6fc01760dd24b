//! What all operations of this component have in common: load, decide, write with the event, answer.

use content_contract::{VideoView, event};
use content_domain::{Outcome, Video};
use content_storage::{self as storage, WriteError};
use http::{StatusCode, header};
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_etag::{ETag, IfMatch};
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_idempotency::Answer;
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::Problem;
use mcsp_reference::Answer as Answered;

/// How often a change may lose against others before the caller is told. Each loss means that somebody else
/// has changed the same video in these milliseconds.
const RACES_MAX: usize = 5;

/// Who asks, and on what condition.
pub(crate) type Asked = (Caller, TraceParent, IfMatch);

/// A video, and whose it must be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) id: VideoId,
    pub(crate) owner: UserId,
}

/// Changes the video as decided. Where another writer was first, it is decided again on what that one left:
/// of two who publish at the same time, one publishes and the other finds it published.
///
/// `also` gives the statement that belongs to it, such as the one that keeps the answer for a repeated request.
pub(crate) async fn change(
    context: &Context,
    trace: &TraceParent,
    target: Target,
    also: impl Fn(&Video, &Answer) -> Option<GuardedStatement>,
    decide: impl Fn(Video) -> Result<Outcome, Problem>,
) -> Result<Answer, Problem> {
    for _ in 0..RACES_MAX {
        let video = storage::owned(context, target.id, target.owner).await?;
        match decide(video.ok_or_else(Problem::not_found)?)? {
            Outcome::Unchanged(video) => {
                let answer = answer(&video);
                storage::remember(context, also(&video, &answer)).await?;
                return Ok(answer);
            }
            Outcome::Changed(change) => {
                let answer = answer(&change.video);
                let event = event(context, trace, &change);
                match storage::save(context, &change, event, also(&change.video, &answer)).await {
                    Ok(()) => return Ok(answer),
                    Err(WriteError::Outdated) => {}
                    Err(error @ WriteError::Failed(_)) => return Err(error.into()),
                }
            }
        }
    }
    Err(WriteError::Outdated.into())
}

fn answer(video: &Video) -> Answer {
    Answer::json(StatusCode::OK, &VideoView::from(video)).with_header(header::ETAG, ETag(video.version))
}

/// What each change is answered with, for the API reference.
pub(crate) fn answered() -> Answered {
    Answered::json::<VideoView>(StatusCode::OK, "The video as it is now.").with(header::ETAG)
}

/// How each change may be refused.
pub(crate) fn refusals() -> [Problem; 2] {
    [Problem::not_found(), WriteError::Outdated.into()]
}
