//! Changing what goes with a video.

use axum::response::Response;
use content_contract::event;
use content_domain::{Outcome, Video};
use content_storage::{self as storage, WriteError};
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_ids::VideoId;
use mcsp_problem::Problem;

/// How often a change may lose against others before the caller is told. Each loss means that somebody else has changed
/// the same video in these milliseconds.
const RACES_MAX: usize = 5;

/// What was decided on a video.
pub(crate) struct Decided {
    pub(crate) outcome: Outcome,
    /// What is written with it, where it changes.
    pub(crate) also: Option<GuardedStatement>,
    /// What the caller is told.
    pub(crate) answer: Response,
}

/// Changes the caller's video as decided. Where another writer was first, it is decided again on what that one left: who
/// edits the title is no reason to refuse captions.
pub(crate) async fn change<D: Future<Output = Result<Decided, Problem>>>(
    context: &Context,
    (caller, trace): (&Caller, &TraceParent),
    id: VideoId,
    decide: impl Fn(Video) -> D,
) -> Result<Response, Problem> {
    for _ in 0..RACES_MAX {
        let video = storage::owned(context, id, caller.user()).await?.ok_or_else(Problem::not_found)?;
        let Decided { outcome, also, answer } = decide(video).await?;
        let Outcome::Changed(change) = outcome else { return Ok(answer) };
        let event = event(context, trace, &change);
        match storage::save(context, &change, event, also).await {
            Ok(()) => return Ok(answer),
            Err(WriteError::Outdated) => {}
            Err(error @ WriteError::Failed(_)) => return Err(error.into()),
        }
    }
    Err(WriteError::Outdated.into())
}

/// How each change may be refused.
pub(crate) fn refusals() -> [Problem; 2] {
    [Problem::not_found(), WriteError::Outdated.into()]
}
