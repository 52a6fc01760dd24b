//! `POST /oauth/par`: a client says what it wants before it sends the person here, so that nothing of it stands in an
//! address that others can read or change (RFC 9126).

use crate::client::{Caller, authenticate_or_count};
use crate::error::OAuthError;
use crate::form::Form;
use crate::limits;
use crate::secret::{OneTimeSecret, digest};
use auth_domain::{AuthorizationError, AuthorizationRequest, ClientKind, Untaken};
use auth_storage::{PUSHED_LIFE_S, TokenHash};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use mcsp_function::{ClientAddress, Context};
use mcsp_problem::Json;
use serde::Serialize;

/// RFC 9126 section 2.2.
const URN: &str = "urn:ietf:params:oauth:request_uri:";

#[derive(Serialize)]
struct PushedRequest {
    request_uri: String,
    expires_in: u32,
}

pub(crate) async fn push(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    Form(mut parameters): Form,
) -> Result<Response, OAuthError> {
    let caller = authenticate_or_count(&context, &headers, &parameters, address).await?;
    let client = Caller::registered(caller)?;
    if matches!(client.kind, ClientKind::Public) {
        // Nobody has to prove anything to take this room.
        limits::push(&context, address).await?;
    }
    if parameters.get("request_uri").is_some() {
        return Err(OAuthError::invalid_request("a pushed request cannot name another one"));
    }
    // What proved the client is not kept.
    parameters.take("client_secret");
    AuthorizationRequest::check(&parameters, &client).map_err(refused)?;
    let secret = OneTimeSecret::new(&context);
    auth_storage::keep_pushed(context.bridge(), &secret.hash(), client.id, &parameters).await?;
    let pushed =
        PushedRequest { request_uri: format!("{URN}{}", secret.reveal()), expires_in: PUSHED_LIFE_S };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(pushed)).into_response())
}

/// Which pushed request an authorization request names; none for what was never given by [`push`].
pub(crate) fn named(request_uri: &str) -> Option<TokenHash> {
    request_uri.strip_prefix(URN).map(digest)
}

/// What the authorization endpoint would say, as an error of this one (RFC 9126 section 2.3).
fn refused(untaken: Untaken) -> OAuthError {
    let error = match untaken {
        Untaken::UnregisteredRedirect => {
            return OAuthError::invalid_request("redirect_uri is not one that the client has registered");
        }
        Untaken::Refused { error, .. } => error,
    };
    let description = match error {
        AuthorizationError::InvalidRequest(description) => description,
        AuthorizationError::InvalidScope(_) => return OAuthError::invalid_scope(),
        AuthorizationError::UnauthorizedClient => return OAuthError::unauthorized_client(),
        AuthorizationError::UnsupportedResponseType => "response_type must be code",
        AuthorizationError::RequestNotSupported => "request objects are not supported",
        AuthorizationError::AccessDenied
        | AuthorizationError::LoginRequired
        | AuthorizationError::ConsentRequired => "a person is needed for this",
    };
    OAuthError::new(error.code(), description)
}
