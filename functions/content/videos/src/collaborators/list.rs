//! `GET /v1/videos/{id}/collaborators`: who works on a video, for those who do.

use super::CollaboratorView;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_storage as storage;
use http::{StatusCode, header};
use mcsp_etag::ETag;
use mcsp_function::{Caller, Context};
use mcsp_ids::VideoId;
use mcsp_paging::Page;
use mcsp_problem::{Json, Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/videos/{id}/collaborators", list)
        .named("listCollaborators", "List who works on a video")
        .described(
            "Its owner sees who works on it, and so does everyone who does; to all others it does not exist. The `ETag` is the \
            video's. There is one page: a video has at most 50 collaborators.",
        )
        .answers(
            Answer::json::<Page<CollaboratorView>>(StatusCode::OK, "All of them, without the owner.")
                .with(header::ETAG),
        )
        .refuses([Problem::not_found()])
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<VideoId>,
) -> Result<Response, Problem> {
    let video = storage::shared(&context, id, caller.user()).await?.ok_or_else(Problem::not_found)?;
    let items = CollaboratorView::all(&video);
    let etag = [(header::ETAG, ETag(video.version).to_string())];
    Ok((etag, Json(Page { items, next_cursor: None })).into_response())
}
