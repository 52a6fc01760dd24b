//! `POST /v1/videos/{id}/restore`: gives a deleted video back, as it has become by then.

use axum::extract::State;
use axum::response::Response;
use content_contract::{VideoView, answer, event, given_back};
use content_domain::{Gone, Video};
use content_storage::{self as storage, By, Decided, refusals_to_change};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_idempotency::{Answer, Claim, IdempotencyKey, once};
use mcsp_ids::VideoId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer as Answered, Operation};

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/videos/{id}/restore", restore)
        .named("restoreVideo", "Have a deleted video back")
        .described(
            "It is what it was: one that was published is published, at the same time as before. A publication that was due \
            meanwhile follows at once. A video that is not deleted stays as it is.",
        )
        .requires(Permission::ContentEdit)
        .answers(Answered::json::<VideoView>(StatusCode::OK, "The video as it is now.").with(header::ETAG))
        .refuses(refusals_to_change())
}

pub(crate) async fn restore(
    State(context): State<Context>,
    caller: Caller,
    trace: TraceParent,
    Path(id): Path<VideoId>,
    IdempotencyKey(key): IdempotencyKey,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentEdit)?;
    let owner = caller.user();
    let scope = format!("{owner} restore {id}");
    once(&context, &scope, key, &(), async |claim| {
        let event = |change: &_| event(&context, &trace, change);
        let decide = |video| std::future::ready(decide(&context, &trace, &claim, video));
        storage::change(&context, (id, By::OwnerOfDeleted(owner)), event, decide).await
    })
    .await
}

fn decide(
    context: &Context,
    trace: &TraceParent,
    claim: &Claim,
    video: Video,
) -> Result<Decided<Answer, Vec<GuardedStatement>>, Problem> {
    let (outcome, mut also) = given_back(context, trace, video).map_err(|Gone| Problem::not_found())?;
    let answer = answer(outcome.video());
    also.extend(claim.record(&answer));
    Ok(Decided { outcome, also, answer })
}
