//! `POST /v1/sessions/second-factor`: completes a sign-in whose password was right, with a code of an authenticator,
//! a recovery code, or a passkey.
//!
//! The challenge of the first step is good for some minutes, and for one session; a passkey answers that very one. A
//! wrong code does not use it up; how many may be wrong is limited for each account.

use crate::settings::Settings;
use crate::signed_in::{Known, NotBegun, answered, begin, device, inactive};
use auth_credentials::{
    Checked, CodeError, PasskeyError, attempt_code, check_code, check_passkey, copied_passkey, wrong_code,
    wrong_passkey,
};
use auth_domain::{Account, Authentication, Device, Factor, Inactive};
use auth_passkeys::{AuthenticationResponse, RequestOptions};
use auth_storage::{Challenged, Credentials};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::SignedDuration;
use mcsp_attempts::TOO_MANY_ATTEMPTS;
use mcsp_bridge_api::postgres::{GuardedStatement, Transaction};
use mcsp_function::{ClientAddress, Context, TraceParent};
use mcsp_problem::{Invalid, Json, Problem};
use mcsp_reference::{Operation, Refusal};
use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// In which a second factor is to be shown.
const CHALLENGE_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// Either `code` or `public_key`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"challenge": CHALLENGE_EXAMPLE, "code": "492039"}]))]
pub(crate) struct SecondFactorRequest {
    /// The `challenge` of the answer to the first step.
    #[schemars(example = CHALLENGE_EXAMPLE)]
    challenge: String,
    /// What an authenticator shows, or a recovery code.
    #[schemars(example = &"492039")]
    code: Option<String>,
    /// A passkey that was shown for the `public_key` of the answer to the first step: the credential's `toJSON()`.
    public_key: Option<AuthenticationResponse>,
    /// Whether a closed account is to be taken back, which its owner can for 30 days.
    #[serde(default)]
    reopen: bool,
}

/// What the person shows.
type Shown = auth_credentials::Shown<AuthenticationResponse>;

/// A problem document with what the second factor is to be shown with.
#[derive(JsonSchema)]
#[schemars(rename = "SecondFactorRequired")]
#[expect(dead_code, reason = "only described")]
struct Required {
    /// Names the kind of problem, as `code` does.
    #[schemars(example = &"urn:mcsp:problem:second_factor_required")]
    r#type: &'static str,
    /// For people.
    #[schemars(example = &"the password is right; now a second factor is needed")]
    title: &'static str,
    /// The HTTP status.
    #[schemars(extend("const" = 401))]
    status: u16,
    /// What a program is to go by.
    #[schemars(extend("const" = "second_factor_required"))]
    code: &'static str,
    /// To be sent with the second factor, once. It is a secret.
    #[schemars(example = CHALLENGE_EXAMPLE)]
    challenge: String,
    /// For how long it is good.
    #[schemars(example = 300)]
    expires_in_s: i64,
    /// Where the account has passkeys: what the browser is to show one for,
    /// `PublicKeyCredential.parseRequestOptionsFromJSON`.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<RequestOptions>,
}

const CHALLENGE_EXAMPLE: &str = "Tm9ib2R5IGd1ZXNzZXMgMzIgcmFuZG9tIGJ5dGVzIQA";

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("wrong code")]
    WrongCode,
    #[error(transparent)]
    Passkey(PasskeyError),
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
            "Begins the session for which `/v1/sessions` has asked for a second factor. A wrong code does not use the \
            challenge up; how many may be wrong is limited for each account. It takes no `Idempotency-Key`: its answer is \
            a secret and is not kept.",
        )
        .answers(answered())
        .refuses([Error::WrongCode, Inactive::Suspended.into(), Inactive::Closed.into()].map(Problem::from))
        .refuses([unusable_challenge(), wrong_passkey(), copied_passkey(), Invalid::default().into_problem()])
        .refuses([Problem::from(TOO_MANY_ATTEMPTS)])
}

/// How [`challenge`] looks in the API reference.
pub(crate) fn required() -> Refusal {
    Refusal::from(asked(String::new())).with_members_of::<Required>()
}

/// 401 with what the second factor is to be shown with.
pub(crate) async fn challenge(
    context: &Context,
    settings: &Settings,
    checked: &Checked,
) -> Result<Problem, Problem> {
    let account = checked.account.id;
    let challenge = URL_SAFE_NO_PAD.encode(context.secret());
    let at = context.now();
    // The second step does not have the password any more. Before the challenge: who completes a sign-in locks in this
    // order too.
    let renew = auth_storage::renew_hash(account, checked.credentials());
    let challenges = auth_storage::challenge(account, &hash(&challenge), at, at + CHALLENGE_LIFE);
    let transaction = Transaction::of(renew.into_iter().chain(challenges).collect());
    context.bridge().transact(transaction).await?;
    let passkeys = auth_storage::passkeys(context.bridge(), account).await?;
    if passkeys.is_empty() {
        return Ok(asked(challenge));
    }
    let options = settings.relying_party.request_options(&challenge, &passkeys);
    let options = serde_json::to_value(&options).map_err(|error| Problem::internal(&error))?;
    Ok(asked(challenge).with_member("public_key", options))
}

fn asked(challenge: String) -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "second_factor_required",
        "the password is right; now a second factor is needed",
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
    let SecondFactorRequest { challenge, code, public_key, reopen } = request;
    let shown = Shown::one_of(code, public_key)?;
    let found = auth_storage::challenged(context.bridge(), &hash(&challenge), context.now()).await?;
    let challenged = found.ok_or_else(unusable_challenge)?;
    let attempt = attempt_code(&context, challenged.account.id).await?;
    let device = device(&headers, address);
    let shown = (challenge.as_str(), shown);
    let result = completed(&context, &settings, &trace, challenged, (shown, device, reopen)).await;
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
    ((challenge, shown), device, reopen): ((&str, Shown), Device, bool),
) -> Result<Response, Error> {
    let (factor, take) = taken(context, settings, &account, (challenge, &shown)).await?;
    let at = context.now();
    let known = Known {
        account,
        authentication: Authentication::by_password(at).and(factor, at),
        credentials: Credentials { verified_phc: Some(&phc), renewed_phc: None },
        taken: std::iter::once(auth_storage::take_challenge(&hash(challenge))).chain(take).collect(),
    };
    begin(context, settings, trace, known, (device, reopen)).await.map_err(|error| match (error, shown) {
        (NotBegun::Inactive(inactive), _) => Error::Inactive(inactive),
        (NotBegun::Changed, Shown::Code(_)) => Error::WrongCode,
        (NotBegun::Changed, Shown::Passkey(_)) => Error::Passkey(PasskeyError::UnusableChallenge),
        (NotBegun::Failed(problem), _) => Error::Failed(problem),
    })
}

/// Checks what was shown, and gives the statements that take it.
async fn taken(
    context: &Context,
    settings: &Settings,
    account: &Account,
    (challenge, shown): (&str, &Shown),
) -> Result<(Factor, Vec<GuardedStatement>), Error> {
    match shown {
        Shown::Code(code) => {
            let take = check_code(context, &settings.sealing_keys, account.id, code).await?;
            Ok((Factor::OneTimePassword, vec![take]))
        }
        Shown::Passkey(given) => {
            let answer = (challenge, given);
            let checked = check_passkey(context, &settings.relying_party, answer, Some(account.id)).await;
            let checked = checked.map_err(Error::Passkey)?;
            Ok((checked.factor, checked.take))
        }
    }
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
            Error::Passkey(error) => error.into(),
            Error::Inactive(which) => inactive(which),
            Error::Failed(problem) => problem,
        }
    }
}
