//! `POST /v1/uploads/pull`: begins an upload whose bytes the platform fetches.
//!
//! The source is asked for its first bytes at once: so its owner hears of what will not do, the size is known, of which the quota
//! is to have room, and the type is what the bytes say.

use crate::due::pull_at;
use crate::source::{Source, Unfetched, Wanted as WantedBytes};
use axum::Extension;
use axum::response::Response;
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_bridge_api::Failure;
use mcsp_etag::ETag;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_idempotency::{Answer, RequiredIdempotencyKey, once};
use mcsp_ids::VideoId;
use mcsp_problem::{Invalid, Json, Problem, Reason};
use mcsp_reference::{Answer as Answered, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upload_bytes::Uploads;
use upload_domain::{
    ContentType, File, FileName, InvalidSource, LEAST_PARTS_MAX_BYTES, Plan, Protection, SNIFF_BYTES,
    SourceFault, SourceUrl, Upload, Validator,
};
use upload_lifecycle::{
    UploadView, Wanted, WantedProtection, WithoutPlan, begin, reason, refusals_of_unfetched,
    refusals_to_begin, refusals_to_replace, unfetched,
};
use upload_storage::begin_pull;

/// In the place of a name, where the address has none.
const NAMELESS: &str = "video";

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PullUploadRequest")]
pub(crate) struct PullRequest {
    /// Where the file is: an `https` URL without a user, of at most 2,048 bytes, on port 443 or one from 1024 on. It is shown to
    /// nobody, and forgotten when the file is there.
    #[schemars(example = &"https://files.example/holiday.mp4")]
    source_url: String,
    /// A name of 1 to 255 characters, without slashes. By default the one at the end of the address.
    #[schemars(example = &"holiday.mp4")]
    file_name: Option<String>,
    /// Whether players need a licence for the video; by default not. Not to be given for a file that replaces another.
    protection: Option<WantedProtection>,
    /// One's own video: a draft gets its file, any other this one in the place of the one that it has.
    video_id: Option<VideoId>,
}

/// What was asked for, before the source was.
struct Asked {
    url: SourceUrl,
    name: FileName,
    protection: Option<Protection>,
    replaced: Option<VideoId>,
}

/// What the source says of its file.
struct Found {
    size_bytes: u64,
    content_type: ContentType,
    validator: Validator,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/uploads/pull", create)
        .named("pullUpload", "Begin an upload from an address")
        .described(
            "Begins an upload whose bytes the platform fetches, and which is completed by itself. The source is asked for its first \
            bytes before this is answered: by them the size and the media type are known. `GET /v1/uploads/{id}` shows in \
            `pulled_bytes` how much is there, and where it came to nothing why, in `failure_code`; until then it can be cancelled \
            as any upload.\n\n\
            Only addresses of the public internet are called, and each redirect is looked at as the address itself; there may be \
            five. Sources must give ranges of a file that is larger than 5 MiB. A file may have 48.8 GiB, and 24 hours.\n\n\
            With `video_id` a draft gets the file, or the one of a video is replaced, as with `POST /v1/uploads`.",
        )
        .requires(Permission::MediaUpload)
        .answers(
            Answered::json::<UploadView>(StatusCode::CREATED, "The upload has begun.")
                .with(header::LOCATION)
                .with(header::ETAG),
        )
        .refuses([Invalid::default().into_problem(), of_no_type()])
        .refuses(refusals_of_unfetched())
        .refuses(refusals_to_begin())
        .refuses(refusals_to_replace())
}

pub(crate) async fn create(
    uploads: Uploads,
    Extension(without_plan): Extension<WithoutPlan>,
    (caller, trace): (Caller, TraceParent),
    RequiredIdempotencyKey(key): RequiredIdempotencyKey,
    Json(request): Json<PullRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::MediaUpload)?;
    let Asked { url, name, protection, replaced } = parse(&request)?;
    let scope = format!("POST /v1/uploads/pull {}", caller.user());
    once(&uploads.context, &scope, Some(key), &request, async |claim| {
        let Found { size_bytes, content_type, validator } = ask(&uploads.context, &url).await?;
        let plan = Plan::in_least_parts(size_bytes).map_err(|_| unfetched(SourceFault::TooLarge))?;
        let file = File { name, size_bytes, content_type, checksum_sha256: None };
        let wanted = Wanted { file, plan, protection, replaced };
        begin(&uploads, without_plan, (&caller, &trace), wanted, |upload| {
            let upload = Upload { pulled_bytes: Some(0), ..upload.clone() };
            let answer = Answer::json(StatusCode::CREATED, &UploadView::of(&uploads, &upload)?)
                .with_header(header::LOCATION, format!("/v1/uploads/{}", upload.id))
                .with_header(header::ETAG, ETag(upload.version));
            let due = pull_at(&uploads.context, &trace, upload.id, uploads.context.now());
            let begun = [begin_pull(upload.id, &url, &validator), due];
            let statements: Vec<_> = begun.into_iter().chain(claim.record(&answer)).collect();
            Ok((answer, statements))
        })
        .await
    })
    .await
}

fn parse(request: &PullRequest) -> Result<Asked, Problem> {
    let mut invalid = Invalid::default();
    let url = invalid.check("/source_url", SourceUrl::parse(&request.source_url).map_err(unsuitable));
    let name = match (&request.file_name, &url) {
        (Some(name), _) => invalid.check("/file_name", FileName::parse(name).map_err(reason)),
        (None, Some(url)) => url.file_name().or_else(|| FileName::parse(NAMELESS).ok()),
        (None, None) => None,
    };
    match (url, name) {
        (Some(url), Some(name)) => {
            let protection = request.protection.map(Protection::from);
            Ok(Asked { url, name, protection, replaced: request.video_id })
        }
        _ => Err(invalid.into_problem()),
    }
}

/// Asks the source for its first bytes.
async fn ask(context: &Context, url: &SourceUrl) -> Result<Found, Problem> {
    let first = WantedBytes { from: 0, bytes: SNIFF_BYTES, known: None };
    let (piece, bytes) = Source::at(context, url).fetch(&first).await.map_err(|error| match error {
        // There is no first byte.
        Unfetched::Fault(SourceFault::Changed) => unfetched(SourceFault::Unusable),
        Unfetched::Fault(fault) => unfetched(fault),
        Unfetched::NotNow => unfetched(SourceFault::Unreachable),
        Unfetched::BreakerOpen(retry_after_ms) => Failure::BreakerOpen(retry_after_ms).into(),
        Unfetched::Ours(problem) => problem,
    })?;
    if piece.from > 0 {
        return Err(unfetched(SourceFault::Unusable));
    }
    if piece.of > LEAST_PARTS_MAX_BYTES {
        return Err(unfetched(SourceFault::TooLarge));
    }
    let head = bytes.get(..SNIFF_BYTES as usize).unwrap_or(&bytes);
    let content_type = ContentType::sniff(head).ok_or_else(of_no_type)?;
    Ok(Found { size_bytes: piece.of, content_type, validator: piece.validator })
}

fn unsuitable(invalid: InvalidSource) -> Reason {
    Reason::new(invalid.code(), invalid.to_string())
}

fn of_no_type() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "content_type_not_allowed",
        "the file at the source is of no type that is taken",
    )
    .with_detail(
        "video/mp4, video/quicktime, video/webm, video/x-matroska and video/mp2t are, by their first bytes",
    )
}
