//! `POST /v1/videos/{id}/transfer/accept`: a video becomes that of whom it was offered to.

use super::{NOT_TRANSFERABLE, offered, refused};
use crate::edit::refuse;
use axum::extract::State;
use axum::response::Response;
use content_contract::{VideoView, answer, do_not_forget_offer, event};
use content_storage::{self as storage, WriteError};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_idempotency::{Answer, Claim, IdempotencyKey, once};
use mcsp_ids::VideoId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer as Answered, Operation};

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/videos/{id}/transfer/accept", accept)
        .named("acceptTransfer", "Accept a video that is offered")
        .described(
            "The video is the caller's from then on, as it is: its state, who sees it, what is said of it and who else works on it stay, \
            and its bytes count for the caller, even beyond what their plan has. Who had it has nothing to do with it any more. \
            `If-Match` takes the `ETag` of the offer.",
        )
        .requires(Permission::ContentEdit)
        .answers(Answered::json::<VideoView>(StatusCode::OK, "The video, which is the caller's.").with(header::ETAG))
        .refuses([Problem::not_found(), WriteError::Outdated.into(), inactive()])
        .refuses(NOT_TRANSFERABLE.map(refused))
}

/// Who asks, and on what condition.
type Asked = (Caller, TraceParent, IfMatch);

pub(crate) async fn accept(
    State(context): State<Context>,
    asked: Asked,
    Path(id): Path<VideoId>,
    IdempotencyKey(key): IdempotencyKey,
) -> Result<Response, Problem> {
    let (caller, ..) = &asked;
    caller.require(Permission::ContentEdit)?;
    let scope = format!("{} accept {id}", caller.user());
    once(&context, &scope, key, &(), async |claim| taken_over(&context, &asked, id, claim).await).await
}

async fn taken_over(
    context: &Context,
    (caller, trace, if_match): &Asked,
    id: VideoId,
    claim: Claim,
) -> Result<Answer, Problem> {
    let user = caller.user();
    let (video, offer) = offered(context, id, user).await?;
    // Its owner has nothing to accept.
    if offer.to != user {
        return Err(Problem::not_found());
    }
    if_match.check(video.version)?;
    let known = storage::owner(context, user).await?;
    if known.is_some_and(|account| !account.is_active) {
        return Err(inactive());
    }
    let change = video.transfer(user, context.now()).map_err(refused)?;
    let answer = answer(&change.video);
    let event = event(context, trace, &change);
    let also = claim.record(&answer).into_iter().chain([do_not_forget_offer(id)]);
    let written = storage::accept_offer(context, (&change, &offer), known, event, also).await;
    written.map_err(|error| refuse(error, if_match))?;
    Ok(answer)
}

/// A token outlives by minutes what was decided on its account.
fn inactive() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "account_suspended", "the account is suspended")
}
