//! What all operations of this component have in common: load, decide, write with the event, answer.

use content_contract::{VideoView, answer, event};
use content_domain::{Outcome, Video};
pub(crate) use content_storage::refusals_to_change as refusals;
use content_storage::{self as storage, By, Decided};
use http::{StatusCode, header};
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_idempotency::Answer;
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::Problem;
use mcsp_reference::Answer as Answered;

/// Who asks, and on what condition.
pub(crate) type Asked = (Caller, TraceParent, IfMatch);

/// A video, and whose it must be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) id: VideoId,
    pub(crate) owner: UserId,
}

/// Changes the video as decided, and again where another writer was first.
///
/// `also` gives the statement that belongs to it, such as the one that keeps the answer for a repeated request.
pub(crate) async fn change(
    context: &Context,
    trace: &TraceParent,
    Target { id, owner }: Target,
    also: impl Fn(&Video, &Answer) -> Option<GuardedStatement>,
    decide: impl Fn(Video) -> Result<Outcome, Problem>,
) -> Result<Answer, Problem> {
    let event = |change: &_| event(context, trace, change);
    storage::change(context, (id, By::Owner(owner)), event, |video| {
        std::future::ready(decide(video).map(|outcome| {
            let answer = answer(outcome.video());
            let also = also(outcome.video(), &answer);
            Decided { outcome, also, answer }
        }))
    })
    .await
}

/// What each change is answered with, for the API reference.
pub(crate) fn answered() -> Answered {
    Answered::json::<VideoView>(StatusCode::OK, "The video as it is now.").with(header::ETAG)
}
