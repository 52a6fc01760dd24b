//! `GET /v1/videos/{id}/transfer`: the offer of a video, for those two whom it concerns.

use super::{TransferView, answer, offered};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use mcsp_function::{Caller, Context};
use mcsp_ids::VideoId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/videos/{id}/transfer", get)
        .named("getTransfer", "Show the offer of a video")
        .described(
            "Its owner and whom it is offered to see it, until it is accepted, declined, taken back or has expired; to all others \
            there is none. The `ETag` is the video's.",
        )
        .answers(Answer::json::<TransferView>(StatusCode::OK, "The offer.").with(header::ETAG))
        .refuses([Problem::not_found()])
}

pub(crate) async fn get(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<VideoId>,
) -> Result<Response, Problem> {
    let (video, offer) = offered(&context, id, caller.user()).await?;
    Ok(answer(StatusCode::OK, &video, &offer).into_response())
}
