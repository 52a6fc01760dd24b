//! `DELETE /v1/videos/{id}/thumbnails/{thumbnail_id}`: takes away an image that the owner has sent, or was about to.

use crate::change::change;
use crate::edit::Asked;
use content_domain::{MadeThumbnail, Outcome, Video, own_thumbnail};
use content_images::{CLEARED_AFTER, Images, clear_later};
use content_storage::{self as storage, By, Decided, refusals_to_change};
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_etag::IfMatch;
use mcsp_function::TraceParent;
use mcsp_ids::{ThumbnailId, VideoId};
use mcsp_object_store::Place;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/videos/{id}/thumbnails/{thumbnail_id}", delete)
        .named("deleteThumbnail", "Take one of its owner's thumbnails from a video")
        .described(
            "Its bytes are removed from the store. Those that were taken from the video go with its file. Taking away what is not there \
            changes nothing. `If-Match` takes the `ETag` of the video.",
        )
        .requires(Permission::ContentEdit)
        .answers(Answer::empty(StatusCode::NO_CONTENT, "There is no such thumbnail of its owner's now."))
        .refuses(refusals_to_change())
        .refuses([made(MadeThumbnail)])
}

pub(crate) async fn delete(
    images: Images,
    (caller, trace, if_match): Asked,
    Path((id, thumbnail_id)): Path<(VideoId, ThumbnailId)>,
) -> Result<StatusCode, Problem> {
    caller.require(Permission::ContentEdit)?;
    let context = &images.context;
    let bucket = change(context, (By::Owner(caller.user()), &trace), id, |video| {
        decide(&images, (&if_match, &trace), video, thumbnail_id)
    })
    .await?;
    // At once where that is possible; the timer comes until it is done.
    if let Some(bucket) = bucket {
        let key = own_thumbnail(id, thumbnail_id);
        drop(images.client().delete(Place { bucket: &bucket, key: &key }).await);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Gives the bucket that there is something to be removed from.
async fn decide(
    images: &Images,
    (if_match, trace): (&IfMatch, &TraceParent),
    video: Video,
    thumbnail_id: ThumbnailId,
) -> Result<Decided<Option<String>>, Problem> {
    if_match.check(video.version)?;
    let (context, id) = (&images.context, video.origin.id);
    let bucket = images.bucket(&video).ok().map(str::to_owned);
    let outcome = video.without_thumbnail(thumbnail_id, context.now()).map_err(made)?;
    let also = match &outcome {
        Outcome::Changed(_) => Some(clear(images, trace, id, thumbnail_id)),
        // Its timer was set when it was declared.
        Outcome::Unchanged(_) => storage::pending_thumbnail(context, id, thumbnail_id)
            .await?
            .map(|pending| storage::take_pending_thumbnail(pending.id)),
    };
    let answer = bucket.filter(|_| also.is_some());
    Ok(Decided { outcome, also, answer })
}

/// It can still be sent by who has the URL for it.
fn clear(images: &Images, trace: &TraceParent, id: VideoId, thumbnail: ThumbnailId) -> GuardedStatement {
    let context = &images.context;
    clear_later(context, trace, (id, own_thumbnail(id, thumbnail)), context.now() + CLEARED_AFTER)
}

fn made(error: MadeThumbnail) -> Problem {
    Problem::new(StatusCode::CONFLICT, "thumbnail_not_own", "the thumbnail is not one of its owner's")
        .with_detail(error)
}
