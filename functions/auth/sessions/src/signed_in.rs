//! A session that begins, and what its device is given.

use crate::settings::Settings;
use auth_domain::{ACCESS_TOKEN_LIFE, Account, Authentication, Device, Inactive, RefreshFamily, Session};
use auth_events::{account_changed, do_not_erase};
use auth_storage::{BeginError, Beside, Credentials, FirstToken, Opening};
use auth_tokens::Bearer;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_function::{ClientAddress, Context, TraceParent};
use mcsp_ids::{AuthSessionId, UserId};
use mcsp_problem::{Json, Problem};
use mcsp_reference::Answer;
use schemars::JsonSchema;
use serde::Serialize;

/// The fields are those of RFC 6749 section 5.1, with the unit in the name of the duration.
#[derive(Serialize, JsonSchema)]
struct SignedIn {
    id: AuthSessionId,
    user_id: UserId,
    /// A JWT (RFC 9068), to be sent as `Authorization: Bearer …`. Treat it as opaque.
    #[schemars(example = &"eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0.e30.c2lnbmF0dXJl")]
    access_token: String,
    /// How it is to be sent.
    #[schemars(extend("const" = "Bearer"))]
    token_type: &'static str,
    /// For how long it is good.
    #[schemars(example = 600)]
    expires_in_s: i64,
    /// What gives the next access token, once, at `/oauth/token` (RFC 6749, section 6) with the `client_id`
    /// `first-party`.
    #[schemars(example = &"mcsprt_AZrbIhyAcACAAAAAAAAAAQAAAADhM7nzK4R3Vb0sJmHq9zvYpH5Lr7wq2Xz0cVnUo3TtYQ")]
    refresh_token: String,
}

/// Who signs in, and how that is known.
pub(crate) struct Known<'a> {
    pub(crate) account: Account,
    pub(crate) authentication: Authentication,
    pub(crate) credentials: Credentials<'a>,
    /// What is used up by it.
    pub(crate) taken: Vec<GuardedStatement>,
}

/// Why no session begins, although it is known who signs in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotBegun {
    #[error(transparent)]
    Inactive(#[from] Inactive),
    #[error("the password, the account, or what was shown has changed meanwhile")]
    Changed,
    #[error("the session could not be stored")]
    Failed(Problem),
}

/// The device that a request comes from.
pub(crate) fn device(headers: &HeaderMap, address: ClientAddress) -> Device {
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Device::new(user_agent, address.0)
}

/// Takes a closed account back, if its owner wants that and still can. Everything else is left as it is.
pub(crate) fn reopened(context: &Context, account: Account, reopen: bool) -> (Account, bool) {
    if !reopen || account.is_to_be_erased(context.now()) {
        return (account, false);
    }
    match account.clone().reopen() {
        Ok(reopened) => (reopened, true),
        Err(_) => (account, false),
    }
}

/// What [`begin`] answers with, for the API reference.
pub(crate) fn answered() -> Answer {
    Answer::json::<SignedIn>(StatusCode::CREATED, "The session has begun.")
        .with(header::LOCATION)
        .with(header::CACHE_CONTROL)
}

/// Stores the session and gives the device its tokens.
pub(crate) async fn begin(
    context: &Context,
    settings: &Settings,
    trace: &TraceParent,
    known: Known<'_>,
    (device, reopen): (Device, bool),
) -> Result<Response, NotBegun> {
    let Known { account, authentication, credentials, taken } = known;
    let (account, is_reopened) = reopened(context, account, reopen);
    let session = Session::begin(context.new_id(), &account, device, authentication, context.now())?;
    let family = RefreshFamily::first_party(context.new_id(), &session);
    let refresh_token = settings.tokens.first_refresh(&family);
    let opening = Opening::Token(FirstToken { family: &family, hash: refresh_token.hash() });
    let mut beside = Beside { taken, ..Beside::default() };
    if is_reopened {
        beside.account = vec![
            auth_storage::hold_account(account.id),
            auth_storage::update(&account, context.now()),
            do_not_erase(account.id),
        ];
        beside.events = vec![account_changed(context, trace, &account, "account.reopened")];
    }
    match auth_storage::begin_with(context.bridge(), &session, credentials, opening, beside).await {
        Ok(()) => {}
        Err(BeginError::Changed | BeginError::Used) => return Err(NotBegun::Changed),
        Err(BeginError::Failed(error)) => return Err(NotBegun::Failed(error.into())),
    }
    let bearer = Bearer { account: &account, session: &session, family: &family, key: None };
    let access_token = settings.tokens.access_token(context, bearer).await.map_err(NotBegun::Failed)?;
    let signed_in = SignedIn {
        id: session.id,
        user_id: account.id,
        access_token,
        token_type: "Bearer",
        expires_in_s: ACCESS_TOKEN_LIFE.as_secs(),
        refresh_token: refresh_token.reveal(),
    };
    let location = format!("/v1/sessions/{}", session.id);
    let headers = [(header::CACHE_CONTROL, "no-store".to_owned()), (header::LOCATION, location)];
    Ok((StatusCode::CREATED, headers, Json(signed_in)).into_response())
}

/// 403 for an account that may not be signed in to.
pub(crate) fn inactive(inactive: Inactive) -> Problem {
    match inactive {
        Inactive::Suspended => {
            Problem::new(StatusCode::FORBIDDEN, "account_suspended", "the account is suspended")
        }
        Inactive::Closed => Problem::new(
            StatusCode::FORBIDDEN,
            "account_closed",
            "the account is closed: sign in with \"reopen\" to take it back",
        ),
    }
}
