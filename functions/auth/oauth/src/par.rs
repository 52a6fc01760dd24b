//! `POST /oauth/par`: a client says what it wants before it sends the person here, so that nothing of it stands in an
//! address that others can read or change (RFC 9126).

use crate::authorize::AuthorizationForm;
use crate::client::{Caller, authenticate_or_count};
use crate::dpop::proved_key;
use crate::error::OAuthError;
use crate::form::{FORM, Form};
use crate::limits;
use crate::secret::{OneTimeSecret, digest};
use auth_domain::{AuthorizationError, AuthorizationRequest, ClientKind, Untaken};
use auth_storage::{PUSHED_LIFE_S, TokenHash};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use mcsp_access::Confirmation;
use mcsp_function::{ClientAddress, Context, DPOP};
use mcsp_problem::Json;
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) const PATH: &str = "/oauth/par";

/// RFC 9126 section 2.2.
const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// What stands for the request (RFC 9126, section 2.2).
#[derive(Serialize, JsonSchema)]
struct PushedRequest {
    /// The `request_uri` to send the person with, beside `client_id`.
    #[schemars(example = &"urn:ietf:params:oauth:request_uri:Tm9ib2R5IGd1ZXNzZXMgMzIgcmFuZG9tIGJ5dGVzIQA")]
    request_uri: String,
    /// For how many seconds it is good.
    #[schemars(example = 600)]
    expires_in: u32,
}

pub(crate) fn reference() -> Operation {
    let refusals = [AuthorizationError::UnsupportedResponseType, AuthorizationError::RequestNotSupported];
    Operation::post(PATH, push)
        .named("pushAuthorizationRequest", "Say beforehand what a person is to be asked")
        .described(
            "A client says what it wants before it sends the person (RFC 9126), so that nothing of it stands in an \
            address. The parameters are those of `/oauth/authorize`, which is given `client_id` and `request_uri` then. \
            The reference is good for one answer, and for ten minutes. A proof in `DPoP` is as good as `dpop_jkt`.",
        )
        .takes_header(DPOP)
        .takes_client()
        .takes_body::<AuthorizationForm>(FORM)
        .answers(
            Answer::json::<PushedRequest>(StatusCode::CREATED, "What stands for the request.")
                .with(header::CACHE_CONTROL),
        )
        .refuses([OAuthError::invalid_client(), OAuthError::unauthorized_client()])
        .refuses([OAuthError::invalid_scope(), OAuthError::invalid_dpop_proof(""), limits::too_many()])
        .refuses(refusals.map(|error| OAuthError::new(error.code(), "")))
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
    if let Some(Confirmation { jkt }) = proved_key(&context, &headers, PATH).await? {
        // Section 10.1 of RFC 9449: whichever says it, and both the same.
        if parameters.get("dpop_jkt").is_some_and(|named| named != jkt) {
            return Err(OAuthError::invalid_dpop_proof("the proof is not of the key that dpop_jkt names"));
        }
        parameters.set("dpop_jkt", jkt);
    }
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
