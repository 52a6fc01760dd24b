//! `POST /v1/factors/passkey-challenge`: what one's passkeys are to answer, to step up in this session.

use crate::settings::Settings;
use auth_credentials::{Purpose, passkey_challenge};
use auth_passkeys::RequestOptions;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StepUpPasskeyChallenge")]
struct Challenge {
    /// What the browser is to show a passkey for, `PublicKeyCredential.parseRequestOptionsFromJSON`.
    public_key: RequestOptions,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/factors/passkey-challenge", challenge)
        .named("challengePasskey", "Have a passkey asked for")
        .described(
            "Gives a challenge that one of one's own passkeys is to answer, at `/v1/sessions/{id}/step-up`: within five \
            minutes, once, and in the session of the access token. It takes no `Idempotency-Key`: nothing is stored.",
        )
        .requires(Permission::AccountManage)
        .answers(Answer::json::<Challenge>(StatusCode::OK, "The challenge.").with(header::CACHE_CONTROL))
        .refuses([no_passkey(), Problem::not_found()])
}

pub(crate) async fn challenge(
    State(context): State<Context>,
    Extension(settings): Extension<Settings>,
    caller: Caller,
) -> Result<Response, Problem> {
    caller.require(Permission::AccountManage)?;
    let session = caller.claims.sid.ok_or_else(Problem::not_found)?;
    let passkeys = auth_storage::passkeys(context.bridge(), caller.user()).await?;
    if passkeys.is_empty() {
        return Err(no_passkey());
    }
    let challenge = passkey_challenge(&context, settings.tokens.secret(), Purpose::StepUp(session));
    let public_key = settings.relying_party.request_options(&challenge, &passkeys);
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Challenge { public_key })).into_response())
}

fn no_passkey() -> Problem {
    Problem::new(StatusCode::CONFLICT, "no_passkey", "the account has no passkey")
}
