//! `POST /v1/sessions/passkey-challenge` and `POST /v1/sessions/passkey`: signs in with a passkey alone, which says itself
//! whose it is.
//!
//! A challenge stands nowhere before it is answered, so that asking for some fills nothing.

use crate::settings::Settings;
use crate::signed_in::{Known, NotBegun, answered, begin, device, inactive};
use auth_credentials::{
    PasskeyError, Purpose, check_answer, copied_passkey, passkey_challenge, wrong_passkey,
};
use auth_domain::{Authentication, Inactive};
use auth_passkeys::{AuthenticationResponse, CHALLENGE_LIFE, RequestOptions};
use auth_storage::Credentials;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use mcsp_function::{ClientAddress, Context, TraceParent};
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SignInPasskeyChallenge")]
struct Challenge {
    /// What the browser is to show a passkey for, `PublicKeyCredential.parseRequestOptionsFromJSON`.
    public_key: RequestOptions,
    /// For how long it is good.
    #[schemars(example = 300)]
    expires_in_s: i64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SignInWithPasskeyRequest")]
pub(crate) struct PasskeyRequest {
    /// The passkey that was shown: the credential's `toJSON()`.
    public_key: AuthenticationResponse,
    /// Whether a closed account is to be taken back, which its owner can for 30 days.
    #[serde(default)]
    reopen: bool,
}

pub(crate) fn challenge_reference() -> Operation {
    Operation::post("/v1/sessions/passkey-challenge", challenge)
        .named("challengeSignInPasskey", "Have any passkey asked for, to sign in")
        .described(
            "Gives a challenge that a passkey is to answer, at `/v1/sessions/passkey`: within five minutes, and once. It \
            takes no `Idempotency-Key`: nothing is stored.",
        )
        .answers(Answer::json::<Challenge>(StatusCode::OK, "The challenge.").with(header::CACHE_CONTROL))
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/sessions/passkey", sign_in)
        .named("signInWithPasskey", "Sign in with a passkey")
        .described(
            "Begins a session with a passkey that answers `/v1/sessions/passkey-challenge`. Neither address nor password \
            is needed, and no second factor is asked for: the authenticator has verified its owner. It takes no \
            `Idempotency-Key`: its answer is a secret and is not kept.",
        )
        .answers(answered())
        .refuses([wrong_passkey(), copied_passkey()])
        .refuses([inactive(Inactive::Suspended), inactive(Inactive::Closed)])
}

pub(crate) async fn challenge(
    State(context): State<Context>,
    Extension(settings): Extension<Settings>,
) -> Response {
    let challenge = passkey_challenge(&context, settings.tokens.secret(), Purpose::SignIn);
    let public_key = settings.relying_party.request_options(&challenge, &[]);
    let shown = Challenge { public_key, expires_in_s: CHALLENGE_LIFE.as_secs() };
    ([(header::CACHE_CONTROL, "no-store")], Json(shown)).into_response()
}

pub(crate) async fn sign_in(
    State(context): State<Context>,
    Extension(settings): Extension<Settings>,
    trace: TraceParent,
    (address, headers): (ClientAddress, HeaderMap),
    Json(request): Json<PasskeyRequest>,
) -> Result<Response, Problem> {
    let party = (settings.tokens.secret(), &settings.relying_party);
    let checked = check_answer(&context, party, Purpose::SignIn, &request.public_key, None).await?;
    let known = Known {
        account: checked.account,
        authentication: Authentication::by_passkey(checked.factor, context.now()),
        credentials: Credentials::default(),
        taken: checked.take,
    };
    let device = (device(&headers, address), request.reopen);
    begin(&context, &settings, &trace, known, device).await.map_err(|error| match error {
        NotBegun::Inactive(which) => inactive(which),
        // The passkey, its challenge, or the account's state is no longer what was checked.
        NotBegun::Changed => PasskeyError::UnusableChallenge.into(),
        NotBegun::Failed(problem) => problem,
    })
}
