//! `POST /v1/tus`: begins an upload whose bytes are sent here.

use crate::metadata::{self, FILE_NAME, FILE_TYPE, PROTECTION, VIDEO_ID};
use crate::protocol::{Tus, UPLOAD_EXPIRES, UPLOAD_LENGTH, UPLOAD_METADATA, expires, malformed};
use axum::Extension;
use axum::response::Response;
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_function::{Caller, TraceParent};
use mcsp_idempotency::{Answer, IdempotencyKey, once};
use mcsp_ids::InvalidId;
use mcsp_problem::{Invalid, Problem, Reason};
use mcsp_reference::{Answer as Answered, Operation};
use upload_bytes::Uploads;
use upload_domain::{ContentType, File, FileName, InvalidFile, LEAST_PARTS_MAX_BYTES, Plan, Protection};
use upload_lifecycle::{Wanted, WithoutPlan, begin, reason, refusals_to_begin, refusals_to_replace};

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/tus", create)
        .named("createTusUpload", "Begin an upload by tus")
        .described(
            "Begins an upload as `POST /v1/uploads` does, under the same limits; its bytes are sent here. \
            `Upload-Length` must be there from the start. `Upload-Metadata` must have a `filename` and a `filetype`, the media \
            type of the file, and may have a `protection`: `cenc` where players are to need a licence for the video; and a \
            `video_id`, of a video of one's own that gets the file, as with `POST /v1/uploads`. Other pairs are passed over.",
        )
        .requires(Permission::MediaUpload)
        .takes_header(UPLOAD_LENGTH)
        .takes_header(UPLOAD_METADATA)
        .answers(
            Answered::empty(StatusCode::CREATED, "The upload has begun.")
                .with(header::LOCATION)
                .with(UPLOAD_EXPIRES),
        )
        .refuses([Invalid::default().into_problem(), too_large()])
        .refuses(refusals_to_begin())
        .refuses(refusals_to_replace())
}

pub(crate) async fn create(
    uploads: Uploads,
    Extension(without_plan): Extension<WithoutPlan>,
    (caller, trace): (Caller, TraceParent),
    IdempotencyKey(key): IdempotencyKey,
    tus: Tus,
) -> Result<Response, Problem> {
    caller.require(Permission::MediaUpload)?;
    tus.check()?;
    let size_bytes = tus.number(&UPLOAD_LENGTH)?;
    let told = tus.text(&UPLOAD_METADATA)?;
    let wanted = parse(size_bytes, told)?;
    let scope = format!("POST /v1/tus {}", caller.user());
    once(&uploads.context, &scope, key, &(size_bytes, told), async |claim| {
        begin(&uploads, without_plan, (&caller, &trace), wanted, |upload| {
            let answer = Answer::empty(StatusCode::CREATED)
                .with_header(header::LOCATION, format!("/v1/tus/{}", upload.id))
                .with_header(UPLOAD_EXPIRES, expires(upload));
            let recorded = claim.record(&answer);
            Ok((answer, recorded))
        })
        .await
    })
    .await
}

fn parse(size_bytes: u64, told: Option<&str>) -> Result<Wanted, Problem> {
    let told = told.map_or_else(|| Some(Default::default()), metadata::parse);
    let told = told.ok_or_else(|| malformed(&UPLOAD_METADATA))?;
    let value = |name| told.get(name).map(String::as_str).unwrap_or_default();
    let mut invalid = Invalid::default();
    let name = invalid.check("/filename", FileName::parse(value(FILE_NAME)).map_err(reason));
    let content_type = invalid.check("/filetype", ContentType::parse(value(FILE_TYPE)).map_err(reason));
    let plan = match Plan::in_least_parts(size_bytes) {
        Err(InvalidFile::SizeTooLarge { .. }) => return Err(too_large()),
        plan => invalid.check("/upload-length", plan.map_err(reason)),
    };
    let protection = match told.get(PROTECTION) {
        None => Some(None),
        Some(name) => {
            let named = Protection::named(name).ok_or_else(unknown_protection);
            invalid.check("/protection", named.map(Some))
        }
    };
    let replaced = match told.get(VIDEO_ID) {
        None => Some(None),
        Some(id) => invalid.check("/video_id", id.parse().map(Some).map_err(|_: InvalidId| no_video())),
    };
    match (name, content_type, plan, protection, replaced) {
        (Some(name), Some(content_type), Some(plan), Some(protection), Some(replaced)) => {
            let file = File { name, size_bytes, content_type, checksum_sha256: None };
            Ok(Wanted { file, plan, protection, replaced })
        }
        _ => Err(invalid.into_problem()),
    }
}

fn unknown_protection() -> Reason {
    Reason::new("invalid_value", "must be none or cenc")
}

fn no_video() -> Reason {
    Reason::new("invalid_value", "must be the id of a video")
}

fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", "the file is larger than Tus-Max-Size")
        .with_detail(format_args!(
            "at most {LEAST_PARTS_MAX_BYTES} bytes; by /v1/uploads larger ones can be sent"
        ))
}
