//! `DELETE /v1/videos/{id}/schedule`: has a video not published by itself.

use crate::change::{Target, answered, change, refusals};
use crate::schedule::Asked;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_contract::do_not_publish;
use mcsp_access::Permission;
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::Operation;

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/videos/{id}/schedule", unschedule)
        .named("unscheduleVideo", "Have a video not published later")
        .described("Has a video not published by itself. Where that was not planned, nothing changes.")
        .requires(Permission::ContentPublish)
        .answers(answered())
        .refuses(refusals())
}

pub(crate) async fn unschedule(
    State(context): State<Context>,
    (caller, trace, if_match): Asked,
    Path(id): Path<VideoId>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentPublish)?;
    let target = Target { id, owner: caller.user() };
    let answer = change(
        &context,
        &trace,
        target,
        |_video, _answer| Some(do_not_publish(id)),
        |video| {
            if_match.check(video.version)?;
            Ok(video.unschedule(context.now()))
        },
    )
    .await?;
    Ok(answer.into_response())
}
