//! `POST /oauth/introspect`: whether a token is good right now (RFC 7662). Unlike a signature it knows of ended
//! sessions and suspended accounts at once.

use crate::client::authenticate_or_count;
use crate::error::OAuthError;
use crate::form::{FORM, Form};
use crate::limits;
use crate::revoke::TokenForm;
use auth_domain::{Client, ClientKind, RefreshFamily, Scopes};
use auth_storage::SignedIn;
use auth_tokens::{RefreshToken, Tokens};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use mcsp_access::{Acr, Claims, Confirmation, Permission, Role, Subject, token_type};
use mcsp_function::{ClientAddress, Context};
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// What is told of a good token (RFC 7662 section 2.2).
#[derive(Serialize)]
struct Active {
    active: bool,
    #[serde(flatten)]
    claims: serde_json::Value,
}

/// What is told of a token (RFC 7662, section 2.2). Of one that is not good, `active` alone.
#[derive(Serialize, JsonSchema)]
struct Introspection {
    /// Whether it is good right now.
    active: bool,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"https://auth.example.com")]
    iss: Option<String>,
    /// Whom it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"mcsp")]
    aud: Option<String>,
    /// Who acts: an account, or a client in its own name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"user_01kb5t4v00e8ptxz3kd07gq2sn")]
    sub: Option<String>,
    /// Which client it was given to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"client_01kb5t4v00e8ptxz3kd07gq2sn")]
    client_id: Option<String>,
    /// What the client may do with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"openid playback.start")]
    scope: Option<String>,
    /// How it is to be sent; refresh tokens have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Bearer")]
    token_type: Option<String>,
    /// When it was issued, in seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = 1_764_061_200)]
    iat: Option<i64>,
    /// When it expires, in seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = 1_764_061_800)]
    exp: Option<i64>,
    /// From when on it is good, in seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = 1_764_061_200)]
    nbf: Option<i64>,
    /// Unique for each token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"01933b1e-8f00-7cc3-98c4-dc0c0c07398f")]
    jti: Option<String>,
    /// The signed-in device.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"session_01kb5t4v00e8ptxz3kd07gq2sn")]
    sid: Option<String>,
    /// What the client was given in that session.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"family_01kb5t4v00e8ptxz3kd07gq2sn")]
    fid: Option<String>,
    /// The account's built-in roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<Role>>,
    /// What its custom roles permit beyond that.
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Vec<Permission>>,
    /// Where the account's data lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"eu")]
    region: Option<String>,
    /// By how many factors the person is known (RFC 9470).
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<Acr>,
    /// By what the person was authenticated (RFC 8176).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = ["pwd"])]
    amr: Option<Vec<String>>,
    /// When the person was authenticated, in seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = 1_764_061_200)]
    auth_time: Option<i64>,
    /// The key that it is bound to: it is good only with a proof of that (RFC 9449, section 6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/oauth/introspect", introspect)
        .named("introspectToken", "Ask whether a token is good")
        .described(
            "Whether a token is good right now (RFC 7662). Unlike its signature this knows of ended sessions and \
            suspended accounts at once. A confidential client may ask about its own tokens, the platform's own about \
            any.",
        )
        .takes_client()
        .takes_body::<TokenForm>(FORM)
        .answers(
            Answer::json::<Introspection>(StatusCode::OK, "What there is to know of the token.")
                .with(header::CACHE_CONTROL),
        )
        .refuses([OAuthError::invalid_client(), OAuthError::unauthorized_client(), limits::too_many()])
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
        members.insert("token_type".to_owned(), token_type(claims.cnf.as_ref()).into());
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
    let Some((SignedIn { account, session }, family)) = live else { return Ok(None) };
    let given_to = family.client.map_or_else(|| mcsp_access::FIRST_PARTY.to_owned(), |id| id.to_string());
    if !may_know(client, &given_to) {
        return Ok(None);
    }
    let Some(scope) = scope_left(context, &family).await? else { return Ok(None) };
    let mut told = json!({
        "iss": tokens.issuer(), "sub": account.id, "client_id": given_to, "scope": scope,
        "exp": session.expires_at.as_second(), "sid": session.id,
    });
    if let (Some(jkt), Some(members)) = (family.key, told.as_object_mut()) {
        members.insert("cnf".to_owned(), json!({"jkt": jkt}));
    }
    Ok(Some(told))
}

/// What the next exchange gives. None where that is nothing, now that the client may be registered for less.
async fn scope_left(context: &Context, family: &RefreshFamily) -> Result<Option<String>, Problem> {
    let Some(id) = family.client else { return Ok(Some(family.scope.clone())) };
    let client = auth_storage::clients::find(context.bridge(), id).await?;
    let left = client.and_then(|client| Scopes::left_of(&family.scope, &client));
    Ok(left.map(|scopes| scopes.to_string()))
}
