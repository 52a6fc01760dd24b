//! `POST /v1/videos/{id}/thumbnails`: says where an image of a video is to be sent, which is then to be completed.

use super::{pinned, too_many};
use axum::response::Response;
use content_domain::{ImageChecksum, ImageFile, ImageType, InvalidImage, TooManyThumbnails, own_thumbnail};
use content_images::{CLEARED_AFTER, Images, NoBucket, clear_later};
use content_storage::{self as storage, DeclareError, PendingThumbnail};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use mcsp_access::Permission;
use mcsp_function::{Caller, TraceParent};
use mcsp_idempotency::{Answer, Claim, IdempotencyKey, once};
use mcsp_ids::{ThumbnailId, UserId, VideoId};
use mcsp_object_store::{Place, SignedRequest, unavailable};
use mcsp_problem::{Invalid, Json, Path, Problem, Reason};
use mcsp_reference::{Answer as Answered, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// For how long an image is waited for, and the URL is good that it is sent to.
const WAITED_FOR: SignedDuration = SignedDuration::from_hours(1);

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CreateThumbnailRequest")]
pub(crate) struct CreateRequest {
    /// The media type, in any case. What arrives is looked at, and must be of it.
    #[schemars(extend("examples" = ["image/jpeg", "image/png", "image/webp"]))]
    content_type: String,
    /// The size of the image. Other bytes than these are not taken.
    #[schemars(example = 48_213, range(min = 1, max = 2_097_152))]
    size_bytes: u64,
    /// Base64 of the SHA-256 of the image.
    #[schemars(example = &"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    checksum_sha256: String,
}

/// An image that is waited for.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PendingThumbnail")]
struct PendingView {
    id: ThumbnailId,
    /// Where to send it.
    put: PutView,
}

/// A request that the client sends to the store.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ThumbnailPut")]
struct PutView {
    /// Where to PUT the bytes. It is good for this method, these headers and these bytes only.
    #[schemars(example = &"https://store.example/mcsp-uploads/thumbnails/video_01kb5t4v00e8ptxz3kd07gq2sn/thumbnail_01kb5t4v00e8ptxz3kd07gq2sn?X-Amz-Signature=c0ffee")]
    url: String,
    /// To be sent as they are. Content-Length is signed too, and sent by every client of its own accord.
    #[schemars(example = BTreeMap::from([("content-type", "image/png")]))]
    headers: BTreeMap<&'static str, String>,
    /// Until when it can be sent, and the thumbnail be completed.
    expires_at: Timestamp,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/videos/{id}/thumbnails", create)
        .named("createThumbnail", "Begin to send a thumbnail")
        .described(
            "Says how the bytes of an image are to be sent to the object store: JPEG, PNG or WebP, of at most 2 MiB. Send them as `put` \
            says, and complete the thumbnail within an hour. Until then it is shown to nobody. A video has at most 10 of its owner's, \
            those that are still to be sent included.",
        )
        .requires(Permission::ContentEdit)
        .answers(Answered::json::<PendingView>(StatusCode::CREATED, "The image is waited for."))
        .refuses([Problem::not_found(), Invalid::default().into_problem()])
        .refuses([too_many(TooManyThumbnails), no_bucket()])
}

pub(crate) async fn create(
    images: Images,
    (caller, trace): (Caller, TraceParent),
    Path(id): Path<VideoId>,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<CreateRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentEdit)?;
    let file = parse(&request)?;
    let owner = caller.user();
    let scope = format!("POST /v1/videos/{id}/thumbnails {owner}");
    once(&images.context, &scope, key, &request, async |claim| {
        declared(&images, (&trace, &claim), (id, owner), file).await
    })
    .await
}

async fn declared(
    images: &Images,
    (trace, claim): (&TraceParent, &Claim),
    (id, owner): (VideoId, UserId),
    file: ImageFile,
) -> Result<Answer, Problem> {
    let (context, now) = (&images.context, images.context.now());
    let video = storage::owned(context, id, owner).await?.ok_or_else(Problem::not_found)?;
    let bucket = images.bucket(&video).map_err(|NoBucket { .. }| no_bucket())?;
    let pending = PendingThumbnail { id: context.new_id(), video: id, file, expires_at: now + WAITED_FOR };
    let key = own_thumbnail(id, pending.id);
    let valid = Duration::try_from(WAITED_FOR).unwrap_or_default();
    let signed = images.store.sign_put(Place { bucket, key: &key }, pinned(&pending), now, valid);
    let put = PutView::new(signed.map_err(|error| unavailable(error.into()))?, pending.expires_at);
    let answer = Answer::json(StatusCode::CREATED, &PendingView { id: pending.id, put });
    let clear = clear_later(context, trace, (id, key), now + CLEARED_AFTER);
    let also = claim.record(&answer).into_iter().chain([clear]);
    match storage::declare_thumbnail(context, &pending, also).await {
        Ok(()) => Ok(answer),
        Err(DeclareError::NoRoom) => {
            // It may have been deleted meanwhile.
            storage::owned(context, id, owner).await?.ok_or_else(Problem::not_found)?;
            Err(too_many(TooManyThumbnails))
        }
        Err(DeclareError::Failed(error)) => Err(error.into()),
    }
}

fn parse(request: &CreateRequest) -> Result<ImageFile, Problem> {
    let mut invalid = Invalid::default();
    let content_type =
        invalid.check("/content_type", ImageType::parse(&request.content_type).map_err(reason));
    let size_bytes = invalid.check("/size_bytes", ImageFile::check_size(request.size_bytes).map_err(reason));
    let checksum =
        invalid.check("/checksum_sha256", ImageChecksum::parse(&request.checksum_sha256).map_err(reason));
    match (content_type, size_bytes, checksum) {
        (Some(content_type), Some(size_bytes), Some(checksum_sha256)) => {
            Ok(ImageFile { content_type, size_bytes, checksum_sha256 })
        }
        _ => Err(invalid.into_problem()),
    }
}

fn reason(error: InvalidImage) -> Reason {
    Reason::new(error.code(), error.to_string())
}

impl PutView {
    fn new(request: SignedRequest, expires_at: Timestamp) -> Self {
        let headers = request.headers.into_iter().filter(|(name, _)| *name != "content-length").collect();
        PutView { url: request.url.into(), headers, expires_at }
    }
}

fn no_bucket() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "no_bucket_for_region",
        "there is no place for media in the region of this account",
    )
}
