//! `POST /v1/sessions/second-factor`: completes a sign-in whose password was right, with a code of an authenticator
//! or a recovery code.
//!
//! The challenge of the first step is good for some minutes, and for one session. A wrong code does not use it up;
//! how many may be wrong is limited for each account.

use crate::settings::Settings;
use crate::signed_in::{Known, NotBegun, answered, begin, device, inactive};
use auth_credentials::{CodeError, attempt_code, check_code, wrong_code};
use auth_domain::{Authentication, Device, Factor, Inactive};
use auth_limits::TOO_MANY_ATTEMPTS;
use auth_storage::{Challenged, Credentials};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::SignedDuration;
use mcsp_bridge_api::postgres::Transaction;
use mcsp_function::{ClientAddress, Context, TraceParent};
use mcsp_ids::UserId;
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Operation, Refusal};
use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// In which a code is to be shown.
const CHALLENGE_LIFE: SignedDuration = SignedDuration::from_mins(5);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecondFactorRequest {
    /// The `challenge` of the answer to the first step.
    #[schemars(example = CHALLENGE_EXAMPLE)]
    challenge: String,
    /// What an authenticator shows, or a recovery code.
    #[schemars(example = &"492039")]
    code: String,
    /// Whether a closed account is to be taken back, which its owner can for 30 days.
    #[serde(default)]
    reopen: bool,
}

/// A problem document with what the code is to be shown with.
#[derive(JsonSchema)]
#[schemars(rename = "SecondFactorRequired")]
#[expect(dead_code, reason = "only described")]
struct Required {
    /// Names the kind of problem, as `code` does.
    #[schemars(example = &"urn:mcsp:problem:second_factor_required")]
    r#type: &'static str,
    /// For people.
    #[schemars(example = &"the password is right; now a code is needed")]
    title: &'static str,
    /// The HTTP status.
    #[schemars(extend("const" = 401))]
    status: u16,
    /// What a program is to go by.
    #[schemars(extend("const" = "second_factor_required"))]
    code: &'static str,
    /// To be sent with the code, once. It is a secret.
    #[schemars(example = CHALLENGE_EXAMPLE)]
    challenge: String,
    /// For how long it is good.
    #[schemars(example = 300)]
    expires_in_s: i64,
}

const CHALLENGE_EXAMPLE: &str = "Tm9ib2R5IGd1ZXNzZXMgMzIgcmFuZG9tIGJ5dGVzIQA";

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("wrong code")]
    WrongCode,
    #[error(transparent)]
    Inactive(#[from] Inactive),
    /// Not the caller's doing.
    #[error("the attempt could not be completed")]
    Failed(Problem),
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/sessions/second-factor", second_factor)
        .named("signInWithCode", "Complete a sign-in with a second factor")
        .described(
            "Begins the session for which `/v1/sessions` has asked for a code. A wrong code does not use the challenge \
            up; how many may be wrong is limited for each account. It takes no `Idempotency-Key`: its answer is a secret \
            and is not kept.",
        )
        .answers(answered())
        .refuses([Error::WrongCode, Inactive::Suspended.into(), Inactive::Closed.into()].map(Problem::from))
        .refuses([unusable_challenge()])
        .refuses([Problem::from(TOO_MANY_ATTEMPTS)])
}

/// How [`challenge`] looks in the API reference.
pub(crate) fn required() -> Refusal {
    Refusal::from(asked(String::new())).with_members_of::<Required>()
}

/// 401 with what the code is to be shown with.
pub(crate) async fn challenge(context: &Context, account: UserId) -> Result<Problem, Problem> {
    let challenge = URL_SAFE_NO_PAD.encode(context.secret());
    let at = context.now();
    let statements = auth_storage::challenge(account, &hash(&challenge), at, at + CHALLENGE_LIFE);
    let transaction = Transaction { consumed_event: None, statements, events: Vec::new() };
    context.bridge().transact(transaction).await?;
    Ok(asked(challenge))
}

fn asked(challenge: String) -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "second_factor_required",
        "the password is right; now a code is needed",
    )
    .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"mcsp\""))
    .with_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
    .with_member("challenge", challenge)
    .with_member("expires_in_s", CHALLENGE_LIFE.as_secs())
}

pub(crate) async fn second_factor(
    State(context): State<Context>,
    Extension(settings): Extension<Settings>,
    trace: TraceParent,
    (address, headers): (ClientAddress, HeaderMap),
    Json(request): Json<SecondFactorRequest>,
) -> Result<Response, Problem> {
    let found = auth_storage::challenged(context.bridge(), &hash(&request.challenge), context.now()).await?;
    let challenged = found.ok_or_else(unusable_challenge)?;
    let attempt = attempt_code(&context, challenged.account.id).await?;
    let device = device(&headers, address);
    let result = completed(&context, &settings, &trace, challenged, (device, &request)).await;
    if !matches!(result, Err(Error::WrongCode)) {
        attempt.take_back(&context).await;
    }
    Ok(result.map_err(Problem::from).into_response())
}

async fn completed(
    context: &Context,
    settings: &Settings,
    trace: &TraceParent,
    Challenged { account, phc }: Challenged,
    (device, request): (Device, &SecondFactorRequest),
) -> Result<Response, Error> {
    let take = check_code(context, &settings.sealing_keys, account.id, &request.code).await?;
    let at = context.now();
    let known = Known {
        account,
        authentication: Authentication::by_password(at).and(Factor::OneTimePassword, at),
        credentials: Credentials { verified_phc: &phc, renewed_phc: None },
        taken: vec![auth_storage::take_challenge(&hash(&request.challenge)), take],
    };
    begin(context, settings, trace, known, (device, request.reopen)).await.map_err(|error| match error {
        NotBegun::Inactive(inactive) => Error::Inactive(inactive),
        NotBegun::Changed => Error::WrongCode,
        NotBegun::Failed(problem) => Error::Failed(problem),
    })
}

/// All of a challenge that is stored.
fn hash(challenge: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(challenge))
}

fn unusable_challenge() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unusable_challenge",
        "the challenge is wrong, was used, or has expired: sign in with the password again",
    )
    .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"mcsp\""))
}

impl From<CodeError> for Error {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Wrong => Error::WrongCode,
            CodeError::Failed(problem) => Error::Failed(problem),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::WrongCode => wrong_code(),
            Error::Inactive(which) => inactive(which),
            Error::Failed(problem) => problem,
        }
    }
}
