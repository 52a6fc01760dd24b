//! `POST /v1/videos/{id}/thumbnails/{thumbnail_id}/complete`: looks at an image that was sent, and gives it to the video. Repeating it
//! gives the same answer and has no other effect, so it takes no key.

use super::{known, too_many, view};
use crate::change::change;
use axum::response::{IntoResponse, Response};
use content_domain::{
    IMAGE_HEAD_BYTES, NotTheImage, Outcome, Pixels, Thumbnail, TooManyThumbnails, Video, own_thumbnail,
};
use content_images::{Images, ThumbnailView};
use content_storage::{self as storage, By, Decided, PendingThumbnail, WriteError, refusals_to_change};
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::Transaction;
use mcsp_function::{Caller, TraceParent};
use mcsp_ids::{ThumbnailId, VideoId};
use mcsp_object_store::{Place, unavailable};
use mcsp_problem::{Json, Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    let mismatches = [
        NotTheImage::Size,
        NotTheImage::Checksum,
        NotTheImage::ContentType,
        NotTheImage::Unreadable,
        NotTheImage::Pixels,
    ];
    Operation::post("/v1/videos/{id}/thumbnails/{thumbnail_id}/complete", complete)
        .named("completeThumbnail", "Give a video an image that was sent")
        .described(
            "Looks at what the store has. What is still missing can be sent (`object_missing`); what is not as declared, or is no image \
            with sides of at most 4096 pixels, is removed for good (422). However often it is completed, the answer is the same.",
        )
        .requires(Permission::ContentEdit)
        .answers(Answer::json::<ThumbnailView>(StatusCode::OK, "The video has this thumbnail."))
        .refuses(refusals_to_change())
        .refuses(mismatches.map(not_the_image))
        .refuses([missing(), over(), too_many(TooManyThumbnails)])
}

pub(crate) async fn complete(
    images: Images,
    (caller, trace): (Caller, TraceParent),
    Path((id, thumbnail_id)): Path<(VideoId, ThumbnailId)>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentEdit)?;
    let context = &images.context;
    let video = storage::owned(context, id, caller.user()).await?.ok_or_else(Problem::not_found)?;
    if known(&video, thumbnail_id).is_some() {
        return Ok(Json(view(&images, &video, thumbnail_id)?).into_response());
    }
    let pending = storage::pending_thumbnail(context, id, thumbnail_id).await?;
    let Some(pending) = pending else {
        // Another request may have completed it since.
        let video = storage::owned(context, id, caller.user()).await?.ok_or_else(Problem::not_found)?;
        return Ok(Json(view(&images, &video, thumbnail_id)?).into_response());
    };
    if context.now() >= pending.expires_at {
        return Err(over());
    }
    let Pixels { width, height } = verify(&images, &video, &pending).await?;
    let (key, content_type) = (own_thumbnail(id, thumbnail_id), pending.file.content_type);
    let thumbnail = Thumbnail { id: thumbnail_id, key, content_type, width, height, time_ms: None };
    change(context, (By::Owner(caller.user()), &trace), id, |video| {
        std::future::ready(decide(&images, video, thumbnail.clone()))
    })
    .await
}

fn decide(images: &Images, video: Video, thumbnail: Thumbnail) -> Result<Decided<Response>, Problem> {
    let id = thumbnail.id;
    let outcome = video.with_thumbnail(thumbnail, images.context.now()).map_err(too_many)?;
    let also = matches!(outcome, Outcome::Changed(_)).then(|| storage::take_pending_thumbnail(id));
    let answer = Json(view(images, outcome.video(), id)?).into_response();
    Ok(Decided { outcome, also, answer })
}

/// The image's size in pixels. What is not the image that was declared is not waited for any more, and removed.
async fn verify(images: &Images, video: &Video, pending: &PendingThumbnail) -> Result<Pixels, Problem> {
    let bucket = images.bucket(video).map_err(|error| Problem::internal(&error))?;
    let key = own_thumbnail(pending.video, pending.id);
    let (client, place) = (images.client(), Place { bucket, key: &key });
    let head = client.head(place).await.map_err(unavailable)?.ok_or_else(missing)?;
    // Of an object of the wrong size there may be no byte to ask for.
    let first_bytes = if head.size_bytes == pending.file.size_bytes {
        client.first_bytes(place, IMAGE_HEAD_BYTES).await.map_err(unavailable)?
    } else {
        Vec::new()
    };
    match pending.file.check(head.size_bytes, head.checksum_sha256.as_deref(), &first_bytes) {
        Ok(pixels) => Ok(pixels),
        Err(not_it) => {
            let statements = vec![storage::take_pending_thumbnail(pending.id)];
            images.context.bridge().transact(Transaction::of(statements)).await.map_err(WriteError::from)?;
            // What this leaves, the timer that came with it removes.
            drop(client.delete(place).await);
            Err(not_the_image(not_it))
        }
    }
}

fn missing() -> Problem {
    Problem::new(StatusCode::CONFLICT, "object_missing", "the store does not have the file")
}

fn over() -> Problem {
    Problem::new(StatusCode::CONFLICT, "upload_expired", "the upload was not completed in time")
}

fn not_the_image(error: NotTheImage) -> Problem {
    let (code, title) = match error {
        NotTheImage::Size => ("size_mismatch", "the file has another size than declared"),
        NotTheImage::Checksum => ("checksum_mismatch", "the file has another checksum than declared"),
        NotTheImage::ContentType => ("content_type_mismatch", "the file is not of the declared content type"),
        NotTheImage::Unreadable => ("image_unreadable", "the image does not say how large it is"),
        NotTheImage::Pixels => ("image_too_large", "the image's sides have too many pixels, or none"),
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, title)
        .with_detail("what was sent was removed; begin another thumbnail")
}
