//! `POST /v1/uploads`: begins an upload, and says how to send the bytes.

use axum::Extension;
use axum::response::Response;
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_etag::ETag;
use mcsp_function::{Caller, TraceParent};
use mcsp_idempotency::{Answer, RequiredIdempotencyKey, once};
use mcsp_ids::VideoId;
use mcsp_problem::{Invalid, Json, Problem};
use mcsp_reference::{Answer as Answered, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upload_bytes::Uploads;
use upload_domain::{Checksum, ContentType, File, FileName, InvalidFile, Method, Plan};
use upload_lifecycle::{
    CONTENT_TYPES, UploadView, Wanted, WantedProtection, WithoutPlan, begin, reason, refusals_to_begin,
    refusals_to_replace,
};

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CreateUploadRequest")]
pub(crate) struct CreateRequest {
    /// A name of 1 to 255 characters, without slashes. It is shown to the owner and means nothing.
    #[schemars(example = &"holiday.mp4")]
    file_name: String,
    /// The size of the whole file. Other bytes than these are not taken.
    #[schemars(example = 1_048_576, range(min = 1))]
    size_bytes: u64,
    /// The media type, in any case. What arrives is looked at, and must be of it.
    #[schemars(extend("examples" = CONTENT_TYPES))]
    content_type: String,
    /// Base64 of the SHA-256 of the whole file; only for one that goes in one piece.
    #[schemars(example = &"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    checksum_sha256: Option<String>,
    /// By default as the size wants it.
    method: Option<WantedMethod>,
    /// Whether players need a licence for the video; by default not. Not to be given for a file that replaces another.
    #[serde(skip_serializing_if = "Option::is_none")]
    protection: Option<WantedProtection>,
    /// One's own video: a draft gets its file, any other this one in the place of the one that it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    video_id: Option<VideoId>,
}

#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "UploadMethod")]
enum WantedMethod {
    /// The whole file by one request.
    Put,
    /// In parts, also from several devices and with pauses.
    Multipart,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/uploads", create)
        .named("createUpload", "Begin an upload")
        .described(
            "Says how the bytes of a file are to be sent to the object store. Small files go in one piece: send them \
            as `put` says. Large ones go in parts: ask for the URLs of parts, and send them in any order. Then \
            complete the upload. An upload that is not completed within 24 hours expires.\n\n\
            The declared size is taken from the owner's quota at once, and given back where the upload comes to nothing.\n\n\
            The video's id is known from here on; the video itself exists once the upload is completed.\n\n\
            With `video_id` the video is there before: a draft gets its file, and is processed once the upload is completed. The \
            file of a video that is ready or published is replaced, for which the permission \
            `content.publish` is needed too: the video keeps its id and all that is said of it, is protected as before, and plays \
            what it has until the new file is processed; where that fails, it goes on with it.",
        )
        .requires(Permission::MediaUpload)
        .answers(
            Answered::json::<UploadView>(StatusCode::CREATED, "The upload has begun.")
                .with(header::LOCATION)
                .with(header::ETAG),
        )
        .refuses([Invalid::default().into_problem()])
        .refuses(refusals_to_begin())
        .refuses(refusals_to_replace())
}

pub(crate) async fn create(
    uploads: Uploads,
    Extension(without_plan): Extension<WithoutPlan>,
    (caller, trace): (Caller, TraceParent),
    RequiredIdempotencyKey(key): RequiredIdempotencyKey,
    Json(request): Json<CreateRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::MediaUpload)?;
    let wanted = parse(&request)?;
    let scope = format!("POST /v1/uploads {}", caller.user());
    once(&uploads.context, &scope, Some(key), &request, async |claim| {
        begin(&uploads, without_plan, (&caller, &trace), wanted, |upload| {
            let answer = Answer::json(StatusCode::CREATED, &UploadView::of(&uploads, upload)?)
                .with_header(header::LOCATION, format!("/v1/uploads/{}", upload.id))
                .with_header(header::ETAG, ETag(upload.version));
            let recorded = claim.record(&answer);
            Ok((answer, recorded))
        })
        .await
    })
    .await
}

fn parse(request: &CreateRequest) -> Result<Wanted, Problem> {
    let mut invalid = Invalid::default();
    let name = invalid.check("/file_name", FileName::parse(&request.file_name).map_err(reason));
    let content_type =
        invalid.check("/content_type", ContentType::parse(&request.content_type).map_err(reason));
    let wanted = request.method.map(|wanted| match wanted {
        WantedMethod::Put => Method::Put,
        WantedMethod::Multipart => Method::Multipart,
    });
    let plan = invalid.check("/size_bytes", Plan::of(request.size_bytes, wanted).map_err(reason));
    let checksum = match (&request.checksum_sha256, plan) {
        (None, _) => Some(None),
        (Some(_), Some(Plan::Multipart(_))) => {
            invalid.check("/checksum_sha256", Err(reason(InvalidFile::ChecksumOfWhole)))
        }
        (Some(text), _) => invalid.check("/checksum_sha256", Checksum::parse(text).map(Some).map_err(reason)),
    };
    let protection = request.protection.map(Into::into);
    match (name, content_type, plan, checksum) {
        (Some(name), Some(content_type), Some(plan), Some(checksum_sha256)) => {
            let file = File { name, size_bytes: request.size_bytes, content_type, checksum_sha256 };
            Ok(Wanted { file, plan, protection, replaced: request.video_id })
        }
        _ => Err(invalid.into_problem()),
    }
}
