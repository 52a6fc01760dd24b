//! `POST /oauth/introspect`: whether a token is good right now (RFC 7662). Unlike a signature it knows of ended
//! sessions and suspended accounts at once.

use crate::client::authenticate_or_count;
use crate::error::OAuthError;
use crate::form::Form;
use auth_domain::{Client, ClientKind, RefreshFamily};
use auth_storage::SignedIn;
use auth_tokens::{RefreshToken, Tokens};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use mcsp_access::{Claims, Subject};
use mcsp_function::{ClientAddress, Context};
use mcsp_problem::{Json, Problem};
use serde::Serialize;
use serde_json::json;

/// What is told of a good token (RFC 7662 section 2.2).
#[derive(Serialize)]
struct Active {
    active: bool,
    #[serde(flatten)]
    claims: serde_json::Value,
}

pub(crate) async fn introspect(
    State(context): State<Context>,
    Extension(tokens): Extension<Tokens>,
    address: ClientAddress,
    headers: HeaderMap,
    Form(parameters): Form,
) -> Result<Response, OAuthError> {
    let caller = authenticate_or_count(&context, &headers, &parameters, address).await?;
    let client = caller.registered()?;
    // Anybody may say that they are a public client, and scan for good tokens.
    if matches!(client.kind, ClientKind::Public) {
        return Err(OAuthError::unauthorized_client());
    }
    let token = parameters.get("token").ok_or_else(|| OAuthError::invalid_request("token is required"))?;
    let claims = match RefreshToken::parse(token) {
        Some(token) => refresh_token(&context, &tokens, &client, &token).await?,
        None => access_token(&context, &tokens, &client, token).await?,
    };
    let answer = match claims {
        Some(claims) => Json(Active { active: true, claims }).into_response(),
        // Nothing is said of why not (RFC 7662 section 2.2).
        None => Json(json!({"active": false})).into_response(),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], answer).into_response())
}

/// Whether a client may know of a token: its own, or as one of ours any.
fn may_know(client: &Client, client_id: &str) -> bool {
    client.details.first_party || client.id.to_string() == client_id
}

async fn access_token(
    context: &Context,
    tokens: &Tokens,
    client: &Client,
    token: &str,
) -> Result<Option<serde_json::Value>, Problem> {
    let Some(claims) = tokens.verified(context, token).await? else { return Ok(None) };
    if !may_know(client, &claims.client_id) || !is_live(context, &claims).await? {
        return Ok(None);
    }
    let mut told = serde_json::to_value(&claims).map_err(|error| Problem::internal(&error))?;
    if let Some(members) = told.as_object_mut() {
        members.insert("token_type".to_owned(), "Bearer".into());
    }
    Ok(Some(told))
}

/// Whether what a token was given for is still there.
async fn is_live(context: &Context, claims: &Claims) -> Result<bool, Problem> {
    let (bridge, now) = (context.bridge(), context.now());
    Ok(match (claims.fid, claims.sid, claims.sub) {
        (Some(family), _, Subject::User(_)) => {
            auth_storage::live_family(bridge, family, None, now).await?.is_some()
        }
        (None, Some(session), Subject::User(_)) => {
            auth_storage::live_session(bridge, session, now).await?.is_some()
        }
        (_, _, Subject::Client(client)) => auth_storage::clients::find(bridge, client).await?.is_some(),
        (None, None, Subject::User(_)) => false,
    })
}

async fn refresh_token(
    context: &Context,
    tokens: &Tokens,
    client: &Client,
    token: &RefreshToken,
) -> Result<Option<serde_json::Value>, Problem> {
    let (bridge, now) = (context.bridge(), context.now());
    let live = auth_storage::live_family(bridge, token.family(), Some(token.hash()), now).await?;
    let Some((SignedIn { account, session }, RefreshFamily { client: given_to, scope, .. })) = live else {
        return Ok(None);
    };
    let given_to = given_to.map_or_else(|| mcsp_access::FIRST_PARTY.to_owned(), |id| id.to_string());
    if !may_know(client, &given_to) {
        return Ok(None);
    }
    Ok(Some(json!({
        "iss": tokens.issuer(), "sub": account.id, "client_id": given_to, "scope": scope,
        "exp": session.expires_at.as_second(), "sid": session.id,
    })))
}
