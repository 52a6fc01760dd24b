//! `POST /v1/sessions`: signs in with address and password, and asks for a second factor where there is one.
//!
//! It takes no Idempotency-Key: its answer is a secret, which must not be stored. An address without an account
//! takes the same steps, the check of a password among them, and gets the answer of a wrong password. Whether there is
//! a second factor, only who knows the password learns.

use crate::second_factor::{challenge, required};
use crate::settings::Settings;
use crate::signed_in::{Known, NotBegun, answered, begin, device, inactive, reopened};
use auth_credentials::{CheckError, check_password};
use auth_domain::{Authentication, Device, Email, Inactive, Password};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use mcsp_attempts::TOO_MANY_ATTEMPTS;
use mcsp_function::{ClientAddress, Context, TraceParent};
use mcsp_problem::{Invalid, Json, Problem, Reason};
use mcsp_reference::Operation;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInRequest {
    /// The account's address.
    #[schemars(example = &"ada@example.com")]
    email: String,
    /// The account's password.
    #[schemars(example = &"correct horse battery")]
    password: String,
    /// Whether a closed account is to be taken back, which its owner can for 30 days.
    #[serde(default)]
    reopen: bool,
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("wrong address or password")]
    WrongCredentials,
    #[error(transparent)]
    Inactive(#[from] Inactive),
    /// The password is right, and is not enough.
    #[error("a second factor is needed")]
    SecondFactor(Problem),
    /// Not the caller's doing.
    #[error("the attempt could not be completed")]
    Failed(Problem),
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/sessions", sign_in)
        .named("signIn", "Sign in")
        .described(
            "Begins a session with address and password, and gives its tokens. For an account with a second factor the \
            answer is 401 `second_factor_required` with a `challenge`, which begins the session at \
            `/v1/sessions/second-factor`.\n\n\
            It takes no `Idempotency-Key`: its answer is a secret and is not kept, so a repetition begins another \
            session. Whoever guesses waits longer and longer, per account and per network; `RateLimit` tells of the \
            network's limit as `address`.",
        )
        .answers(answered())
        .refuses([Error::WrongCredentials, Inactive::Suspended.into(), Inactive::Closed.into()].map(Problem::from))
        .refuses([Invalid::default().into_problem()])
        .refuses([required()])
        .refuses([Problem::from(TOO_MANY_ATTEMPTS)])
}

pub(crate) async fn sign_in(
    State(context): State<Context>,
    Extension(settings): Extension<Settings>,
    trace: TraceParent,
    (address, headers): (ClientAddress, HeaderMap),
    Json(request): Json<SignInRequest>,
) -> Result<Response, Problem> {
    let (email, password) = checked(&request)?;
    let device = device(&headers, address);
    let attempt = auth_credentials::attempt(&context, &email, address).await?;
    let result = attempted(&context, &settings, &trace, (&email, &password), (device, request.reopen)).await;
    if matches!(result, Ok(_) | Err(Error::SecondFactor(_) | Error::Failed(_))) {
        attempt.take_back(&context).await;
    }
    let mut response = result.map_err(Problem::from).into_response();
    response.headers_mut().extend(attempt.headers());
    Ok(response)
}

fn checked(request: &SignInRequest) -> Result<(Email, Password), Problem> {
    let mut invalid = Invalid::default();
    let email = Email::parse(&request.email).map_err(|error| Reason::new(error.code(), error.to_string()));
    let password =
        Password::attempt(&request.password).map_err(|error| Reason::new(error.code(), error.to_string()));
    match (invalid.check("/email", email), invalid.check("/password", password)) {
        (Some(email), Some(password)) => Ok((email, password)),
        _ => Err(invalid.into_problem()),
    }
}

/// Checks the password, and begins a session or asks for a code.
async fn attempted(
    context: &Context,
    settings: &Settings,
    trace: &TraceParent,
    (email, password): (&Email, &Password),
    (device, reopen): (Device, bool),
) -> Result<Response, Error> {
    let checked = check_password(context, email, password).await?;
    let (usable, _) = reopened(context, checked.account.clone(), reopen);
    usable.may_sign_in()?;
    if auth_storage::has_factor(context.bridge(), checked.account.id).await? {
        return Err(Error::SecondFactor(challenge(context, settings, &checked).await?));
    }
    let known = Known {
        account: checked.account.clone(),
        authentication: Authentication::by_password(context.now()),
        credentials: checked.credentials(),
        taken: Vec::new(),
    };
    begin(context, settings, trace, known, (device, reopen)).await.map_err(|error| match error {
        NotBegun::Inactive(inactive) => Error::Inactive(inactive),
        // The password, or the account's state, is no longer what was checked.
        NotBegun::Changed => Error::WrongCredentials,
        NotBegun::Failed(problem) => Error::Failed(problem),
    })
}

impl From<CheckError> for Error {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Wrong => Error::WrongCredentials,
            CheckError::Failed(problem) => Error::Failed(problem),
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Error::Failed(problem)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::WrongCredentials => Problem::new(
                StatusCode::UNAUTHORIZED,
                "wrong_credentials",
                "there is no account with this address and this password",
            )
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"mcsp\"")),
            Error::Inactive(which) => inactive(which),
            Error::SecondFactor(problem) | Error::Failed(problem) => problem,
        }
    }
}
