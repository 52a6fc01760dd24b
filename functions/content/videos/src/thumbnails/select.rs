//! `PUT /v1/videos/{id}/thumbnails/{thumbnail_id}/select`: has one of a video's images stand for it.

use super::view;
use crate::change::change;
use crate::edit::Asked;
use axum::response::{IntoResponse, Response};
use content_domain::{NoSuchThumbnail, Video};
use content_images::{Images, ThumbnailView};
use content_storage::{By, Decided, refusals_to_change};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_etag::{ETag, IfMatch};
use mcsp_ids::{ThumbnailId, VideoId};
use mcsp_problem::{Json, Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::put("/v1/videos/{id}/thumbnails/{thumbnail_id}/select", select)
        .named("selectThumbnail", "Choose the thumbnail that stands for a video")
        .described(
            "One that was taken from the video, or one of its owner's. Until one is chosen, and when that is gone, the first one stands \
            for it. `If-Match` takes the `ETag` of the video.",
        )
        .requires(Permission::ContentEdit)
        .answers(
            Answer::json::<ThumbnailView>(StatusCode::OK, "It stands for the video now.").with(header::ETAG),
        )
        .refuses(refusals_to_change())
}

pub(crate) async fn select(
    images: Images,
    (caller, trace, if_match): Asked,
    Path((id, thumbnail_id)): Path<(VideoId, ThumbnailId)>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentEdit)?;
    change(&images.context, (By::Owner(caller.user()), &trace), id, |video| {
        std::future::ready(decide(&images, &if_match, video, thumbnail_id))
    })
    .await
}

fn decide(
    images: &Images,
    if_match: &IfMatch,
    video: Video,
    id: ThumbnailId,
) -> Result<Decided<Response>, Problem> {
    if_match.check(video.version)?;
    let selected = video.with_selected_thumbnail(id, images.context.now());
    let outcome = selected.map_err(|NoSuchThumbnail| Problem::not_found())?;
    let video = outcome.video();
    let etag = [(header::ETAG, ETag(video.version).to_string())];
    let answer = (etag, Json(view(images, video, id)?)).into_response();
    Ok(Decided { outcome, also: None, answer })
}
