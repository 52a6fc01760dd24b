//! `POST /v1/clients/{id}/secret`: gives a confidential client another secret, shown once. The one that it
//! replaces is good for `overlap_s` more, so that a fleet can change over; with 0 it ends at once.

use crate::edit::refuse;
use crate::view::Revealing;
use auth_domain::{ClientSecret, NoSecret, SECRET_OVERLAP_MAX};
use auth_storage::clients::{self, WriteError};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use jiff::SignedDuration;
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context};
use mcsp_idempotency::{Claim, IdempotencyKey, once};
use mcsp_ids::ClientId;
use mcsp_problem::{Invalid, Json, Path, Problem, Reason};
use mcsp_reference::Operation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const OVERLAP_DEFAULT: SignedDuration = SignedDuration::from_hours(24);

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RotateSecretRequest")]
pub(crate) struct RotateRequest {
    /// For how long the secret that is replaced stays good: at most a week, by default a day. With 0 it ends at once.
    #[schemars(example = 86_400)]
    overlap_s: Option<u32>,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/clients/{id}/secret", rotate_secret)
        .named("rotateClientSecret", "Give an application another secret")
        .described(
            "The secret stands in the answer, shown this once: a repetition under the same `Idempotency-Key` gives the \
            same answer without it.",
        )
        .requires(Permission::ClientManage)
        .answers(Revealing::answered(StatusCode::OK, "The application with its new secret."))
        .refuses([Problem::not_found(), Invalid::default().into_problem(), is_public()])
}

/// Why there is no other secret.
#[derive(Debug, thiserror::Error)]
enum RotateError {
    #[error(transparent)]
    NoSecret(#[from] NoSecret),
    #[error(transparent)]
    NotWritten(#[from] WriteError),
}

pub(crate) async fn rotate_secret(
    State(context): State<Context>,
    (caller, if_match): (Caller, IfMatch),
    Path(id): Path<ClientId>,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<RotateRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::ClientManage)?;
    let overlap = overlap(&request)?;
    let scope = format!("{} clients.rotate {id}", caller.user());
    once(&context, &scope, key, &request, async |claim| {
        let client = clients::find(context.bridge(), id).await?.ok_or_else(Problem::not_found)?;
        if_match.check(client.version)?;
        let rotated = rotate(&context, client, overlap, &claim).await;
        Ok(rotated.map_err(|error| problem(error, &if_match))?.once)
    })
    .await
}

async fn rotate(
    context: &Context,
    client: auth_domain::Client,
    overlap: SignedDuration,
    claim: &Claim,
) -> Result<Revealing, RotateError> {
    let secret = ClientSecret::new(&context.secret());
    let client = client.rotate_secret(secret.digest(), overlap, context.now())?;
    let answer = Revealing::new(StatusCode::OK, &client, Some(&secret));
    clients::save(context.bridge(), &client, claim.record(&answer.repeated)).await?;
    Ok(answer)
}

fn overlap(request: &RotateRequest) -> Result<SignedDuration, Problem> {
    let overlap =
        request.overlap_s.map_or(OVERLAP_DEFAULT, |seconds| SignedDuration::from_secs(seconds.into()));
    let mut invalid = Invalid::default();
    let checked = if overlap <= SECRET_OVERLAP_MAX {
        Ok(overlap)
    } else {
        let max_s = SECRET_OVERLAP_MAX.as_secs();
        Err(Reason::new("too_long", format!("must be at most {max_s}, a week")))
    };
    invalid.check("/overlap_s", checked).ok_or_else(|| invalid.into_problem())
}

fn problem(error: RotateError, if_match: &IfMatch) -> Problem {
    match error {
        RotateError::NoSecret(NoSecret) => is_public(),
        RotateError::NotWritten(error) => refuse(error, if_match),
    }
}

fn is_public() -> Problem {
    Problem::new(StatusCode::CONFLICT, "client_is_public", "a public client has no secret")
}
