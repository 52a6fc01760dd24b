//! `POST /v1/uploads/{id}/token`: a token by which somebody without an account may send this upload. It takes no key: whoever missed
//! the answer asks again, and has another token.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use mcsp_access::Permission;
use mcsp_function::Caller;
use mcsp_ids::UploadId;
use mcsp_problem::{Invalid, Json, Path, Problem, Reason};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use upload_bytes::Uploads;
use upload_domain::{Mismatch, Refused, UploadToken};
use upload_lifecycle::{refusals_of_unfetched, refuse, refused};
use upload_storage::{keep_token, owned};

const VALID_FOR_S: RangeInclusive<u32> = 60..=86_400;
const VALID_FOR_DEFAULT_S: u32 = 3_600;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DelegateUploadRequest")]
pub(crate) struct DelegateRequest {
    /// For how long the token is to be good: a minute to a day, by default an hour. It is good no longer than the upload may take.
    #[schemars(example = 3_600, range(min = 60, max = 86_400))]
    valid_for_s: Option<u32>,
}

/// A token for one upload. It is shown this once.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UploadToken")]
struct TokenView {
    /// To be sent as `Authorization: Bearer …`.
    #[schemars(example = &"mcsp_upload_token_c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00")]
    token: String,
    /// The upload that it is for.
    upload_id: UploadId,
    /// Until when it is good.
    expires_at: Timestamp,
}

pub(crate) fn reference() -> Operation {
    let refusals = [
        Refused::Completed,
        Refused::Cancelled,
        Refused::Expired,
        Refused::Mismatched(Mismatch::Size),
        Refused::Mismatched(Mismatch::Checksum),
        Refused::Mismatched(Mismatch::ContentType),
    ];
    Operation::post("/v1/uploads/{id}/token", delegate)
        .named("delegateUpload", "Get a token for an upload")
        .described(
            "Whoever has the token may see this upload, send its bytes, complete it and take it back, here and by tus, in the \
            owner's name and without an account; and nothing else. It replaces the one before, and takes no `Idempotency-Key`: \
            whoever missed the answer asks again.",
        )
        .requires(Permission::MediaUpload)
        .answers(
            Answer::json::<TokenView>(StatusCode::OK, "The token, shown this once.")
                .with(header::CACHE_CONTROL),
        )
        .refuses(refusals.map(refused))
        .refuses(refusals_of_unfetched())
        .refuses([Problem::not_found(), Invalid::default().into_problem()])
}

pub(crate) async fn delegate(
    uploads: Uploads,
    caller: Caller,
    Path(id): Path<UploadId>,
    request: Option<Json<DelegateRequest>>,
) -> Result<Response, Problem> {
    caller.require(Permission::MediaUpload)?;
    let valid_for = parse(request.map(|Json(request)| request))?;
    let (context, now) = (&uploads.context, uploads.context.now());
    let upload = owned(context, id, caller.user()).await?;
    let expires_at = match upload.delegate(valid_for, now) {
        Ok(expires_at) => expires_at,
        Err(closed) => return Err(refuse(&uploads, upload, closed).await),
    };
    let token = UploadToken::new(&context.secret());
    keep_token(context, id, token.digest(), expires_at).await?;
    let view = TokenView { token: token.reveal().to_owned(), upload_id: id, expires_at };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(view)).into_response())
}

fn parse(request: Option<DelegateRequest>) -> Result<SignedDuration, Problem> {
    let valid_for_s = request.and_then(|request| request.valid_for_s).unwrap_or(VALID_FOR_DEFAULT_S);
    if VALID_FOR_S.contains(&valid_for_s) {
        return Ok(SignedDuration::from_secs(valid_for_s.into()));
    }
    let allowed = format!("must be {} to {}", VALID_FOR_S.start(), VALID_FOR_S.end());
    Err(Invalid::problem_at("/valid_for_s", Reason::new("out_of_range", allowed)))
}
