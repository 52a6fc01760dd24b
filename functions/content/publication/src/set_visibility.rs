//! `PUT /v1/videos/{id}/visibility`: says who sees the video while it is published.

use crate::change::{Target, answered, change, refusals};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_domain::Visibility;
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_ids::VideoId;
use mcsp_problem::{Json, Path, Problem};
use mcsp_reference::Operation;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetVisibilityRequest {
    /// Who is to see it.
    visibility: Visibility,
}

/// Who asks, and on what condition.
pub(crate) type Asked = (Caller, TraceParent, IfMatch);

pub(crate) fn reference() -> Operation {
    Operation::put("/v1/videos/{id}/visibility", set_visibility)
        .named("setVisibility", "Say who sees a video")
        .described("Says who sees the video while it is published. It may be said before.")
        .requires(Permission::ContentPublish)
        .answers(answered())
        .refuses(refusals())
}

pub(crate) async fn set_visibility(
    State(context): State<Context>,
    (caller, trace, if_match): Asked,
    Path(id): Path<VideoId>,
    Json(SetVisibilityRequest { visibility }): Json<SetVisibilityRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentPublish)?;
    let target = Target { id, owner: caller.user() };
    let answer = change(
        &context,
        &trace,
        target,
        |_answer| None,
        |video| {
            if_match.check(video.version)?;
            Ok(video.with_visibility(visibility, context.now()))
        },
    )
    .await?;
    Ok(answer.into_response())
}
