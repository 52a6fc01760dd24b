//! `POST /v1/videos/{id}/restore`: gives a deleted video back, as it has become by then.

use axum::extract::State;
use axum::response::Response;
use content_contract::{VideoView, do_not_purge, event, plan};
use content_domain::{Gone, Outcome, Video};
use content_storage::{self as storage, WriteError};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_etag::ETag;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_idempotency::{Answer, Claim, IdempotencyKey, once};
use mcsp_ids::{UserId, VideoId};
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
        .refuses([Problem::not_found(), WriteError::Outdated.into()])
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
    once(&context, &scope, key, &(), async |claim| given_back(&context, &trace, (id, owner), claim).await)
        .await
}

async fn given_back(
    context: &Context,
    trace: &TraceParent,
    (id, owner): (VideoId, UserId),
    claim: Claim,
) -> Result<Answer, Problem> {
    let video = storage::owned_or_deleted(context, id, owner).await?.ok_or_else(Problem::not_found)?;
    match video.undelete(context.now()).map_err(|Gone| Problem::not_found())? {
        Outcome::Unchanged(video) => {
            let answer = answer(&video);
            storage::remember(context, claim.record(&answer)).await?;
            Ok(answer)
        }
        Outcome::Changed(change) => {
            let answer = answer(&change.video);
            let event = event(context, trace, &change);
            // One that is kept back besides is not published by it.
            let planned = plan(context, trace, &change.video);
            let also = claim.record(&answer).into_iter().chain(planned).chain([do_not_purge(id)]);
            storage::save(context, &change, event, also).await?;
            Ok(answer)
        }
    }
}

fn answer(video: &Video) -> Answer {
    Answer::json(StatusCode::OK, &VideoView::from(video)).with_header(header::ETAG, ETag(video.version))
}
