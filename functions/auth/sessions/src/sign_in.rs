//! `POST /v1/sessions`: signs in with address and password.
//!
//! It takes no Idempotency-Key: its answer is a secret, which must not be stored. An address without an account
//! takes the same steps, the check of a password among them, and gets the answer of a wrong password.

use crate::limits;
use crate::tokens::Tokens;
use auth_domain::{ACCESS_TOKEN_LIFE, Account, Device, Email, Inactive, Password, Session};
use auth_storage::{BeginError, Credential, Credentials};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use mcsp_bridge_api::passwords::Verdict;
use mcsp_function::{ClientAddress, Context};
use mcsp_ids::{AuthSessionId, UserId};
use mcsp_problem::{Invalid, Json, Problem, Reason};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInRequest {
    email: String,
    password: String,
}

/// The fields are those of RFC 6749 section 5.1, with the unit in the name of the duration.
#[derive(Serialize)]
struct SignedIn {
    id: AuthSessionId,
    user_id: UserId,
    access_token: String,
    token_type: &'static str,
    expires_in_s: i64,
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("wrong address or password")]
    WrongCredentials,
    #[error(transparent)]
    Inactive(#[from] Inactive),
    /// Not the caller's doing.
    #[error("the attempt could not be completed")]
    Failed(Problem),
}

pub(crate) async fn sign_in(
    State(context): State<Context>,
    Extension(tokens): Extension<Tokens>,
    address: ClientAddress,
    headers: HeaderMap,
    Json(request): Json<SignInRequest>,
) -> Result<Response, Problem> {
    let (email, password) = checked(&request)?;
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let device = Device::new(user_agent, address.0);
    let attempt = limits::attempt(&context, &email, address).await?;
    let result = begin(&context, &email, password, device).await;
    if matches!(result, Ok(_) | Err(Error::Failed(_))) {
        attempt.take_back(&context).await;
    }
    let mut response = match result {
        Ok((account, session)) => answer(&context, &tokens, &account, &session),
        Err(error) => Problem::from(error).into_response(),
    };
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

/// Checks the password and stores the session.
async fn begin(
    context: &Context,
    email: &Email,
    password: Password,
    device: Device,
) -> Result<(Account, Session), Error> {
    let bridge = context.bridge();
    let credential = auth_storage::credential(bridge, email).await?;
    let phc = credential.as_ref().map(|credential| credential.phc.clone());
    let verdict = bridge.verify_password(password.reveal().to_owned(), phc).await.map_err(Problem::from)?;
    let (Credential { account, phc }, is_outdated) = match (credential, verdict) {
        (Some(credential), Verdict::Right) => (credential, false),
        (Some(credential), Verdict::RightButOutdated) => (credential, true),
        (_, Verdict::Wrong) | (None, _) => return Err(Error::WrongCredentials),
    };
    let session = Session::begin(context.new_id(), &account, device, context.now())?;
    let renewed = match is_outdated {
        true => Some(bridge.hash_password(password.reveal().to_owned()).await.map_err(Problem::from)?),
        false => None,
    };
    let credentials = Credentials { verified_phc: &phc, renewed_phc: renewed.as_deref() };
    match auth_storage::begin(bridge, &session, credentials).await {
        Ok(()) => Ok((account, session)),
        // The password, or the account's state, is no longer what was checked.
        Err(BeginError::Changed) => Err(Error::WrongCredentials),
        Err(BeginError::Failed(error)) => Err(Error::Failed(error.into())),
    }
}

fn answer(context: &Context, tokens: &Tokens, account: &Account, session: &Session) -> Response {
    let signed_in = SignedIn {
        id: session.id,
        user_id: account.id,
        access_token: tokens.access_token(context, account, session),
        token_type: "Bearer",
        expires_in_s: ACCESS_TOKEN_LIFE.as_secs(),
    };
    let location = format!("/v1/sessions/{}", session.id);
    let headers = [(header::CACHE_CONTROL, "no-store".to_owned()), (header::LOCATION, location)];
    (StatusCode::CREATED, headers, Json(signed_in)).into_response()
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
            Error::Inactive(Inactive::Suspended) => {
                Problem::new(StatusCode::FORBIDDEN, "account_suspended", "the account is suspended")
            }
            Error::Inactive(Inactive::Closed) => {
                Problem::new(StatusCode::FORBIDDEN, "account_closed", "the account is closed")
            }
            Error::Failed(problem) => problem,
        }
    }
}
