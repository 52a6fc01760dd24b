//! `POST /v1/sessions`: signs in with address and password.
//!
//! It takes no Idempotency-Key: its answer is a secret, which must not be stored. An address without an account
//! takes the same steps, the check of a password among them, and gets the answer of a wrong password.

use auth_credentials::{CheckError, check_password};
use auth_domain::{
    ACCESS_TOKEN_LIFE, Account, Authentication, Device, Email, Inactive, Password, RefreshFamily, Session,
};
use auth_storage::{BeginError, FirstToken, Opening};
use auth_tokens::{Bearer, RefreshToken, Tokens};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
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
    refresh_token: String,
}

/// A session that has begun, with its first refresh token.
struct Begun {
    account: Account,
    session: Session,
    family: RefreshFamily,
    refresh_token: RefreshToken,
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
    let attempt = auth_credentials::attempt(&context, &email, address).await?;
    let result = begin(&context, &tokens, (&email, &password), device).await;
    if matches!(result, Ok(_) | Err(Error::Failed(_))) {
        attempt.take_back(&context).await;
    }
    let mut response = match result {
        Ok(begun) => answer(&context, &tokens, &begun).await.into_response(),
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
    tokens: &Tokens,
    (email, password): (&Email, &Password),
    device: Device,
) -> Result<Begun, Error> {
    let checked = check_password(context, email, password).await?;
    let now = context.now();
    let authentication = Authentication::by_password(now);
    let session = Session::begin(context.new_id(), &checked.account, device, authentication, now)?;
    let family = RefreshFamily::first_party(context.new_id(), &session);
    let refresh_token = tokens.first_refresh(&family);
    let opening = Opening::Token(FirstToken { family: &family, hash: refresh_token.hash() });
    match auth_storage::begin(context.bridge(), &session, checked.credentials(), opening).await {
        Ok(()) => Ok(Begun { account: checked.account, session, family, refresh_token }),
        // The password, or the account's state, is no longer what was checked.
        Err(BeginError::Changed) => Err(Error::WrongCredentials),
        Err(BeginError::Failed(error)) => Err(Error::Failed(error.into())),
    }
}

async fn answer(context: &Context, tokens: &Tokens, begun: &Begun) -> Result<Response, Problem> {
    let Begun { account, session, family, refresh_token } = begun;
    let signed_in = SignedIn {
        id: session.id,
        user_id: account.id,
        access_token: tokens.access_token(context, Bearer { account, session, family }).await?,
        token_type: "Bearer",
        expires_in_s: ACCESS_TOKEN_LIFE.as_secs(),
        refresh_token: refresh_token.reveal(),
    };
    let location = format!("/v1/sessions/{}", session.id);
    let headers = [(header::CACHE_CONTROL, "no-store".to_owned()), (header::LOCATION, location)];
    Ok((StatusCode::CREATED, headers, Json(signed_in)).into_response())
}

impl From<CheckError> for Error {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Wrong => Error::WrongCredentials,
            CheckError::Failed(problem) => Error::Failed(problem),
        }
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
