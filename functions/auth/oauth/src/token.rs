//! `POST /oauth/token`: exchanges what a client has for tokens (RFC 6749 section 3.2).

mod client_credentials;
mod code;
mod device;
mod refresh;

use crate::client::{Caller, authenticate};
use crate::error::OAuthError;
use crate::form::Form;
use crate::limits;
use auth_domain::{ACCESS_TOKEN_LIFE, Client, GrantType, Parameters};
use auth_storage::TokenHash;
use auth_tokens::{Bearer, IdTokenRequest, RefreshToken, Tokens};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use mcsp_function::{ClientAddress, Context};
use mcsp_problem::Json;
use serde::Serialize;

/// What a client gets (RFC 6749 section 5.1). The names are the protocol's.
#[derive(Serialize)]
struct Granted {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
}

/// The parts of a request that the grants look at.
struct Asked<'a> {
    context: &'a Context,
    tokens: &'a Tokens,
    parameters: &'a Parameters,
}

impl Asked<'_> {
    /// A parameter that the grant cannot do without.
    fn needed(&self, name: &str, missing: &'static str) -> Result<&str, OAuthError> {
        self.parameters.get(name).ok_or_else(|| OAuthError::invalid_request(missing))
    }
}

pub(crate) async fn token(
    State(context): State<Context>,
    Extension(tokens): Extension<Tokens>,
    address: ClientAddress,
    headers: HeaderMap,
    Form(parameters): Form,
) -> Result<Response, OAuthError> {
    let asked = Asked { context: &context, tokens: &tokens, parameters: &parameters };
    match grant(asked, &headers).await {
        Ok(granted) => Ok(([(header::CACHE_CONTROL, "no-store")], Json(granted)).into_response()),
        Err(error) => {
            if error.is_refusal_of_a_secret() {
                limits::count_refusal(&context, address).await?;
            }
            Err(error)
        }
    }
}

async fn grant(asked: Asked<'_>, headers: &HeaderMap) -> Result<Granted, OAuthError> {
    let grant_type = asked.needed("grant_type", "grant_type is required")?;
    let Some(grant_type) = GrantType::from_name(grant_type) else {
        return Err(OAuthError::new("unsupported_grant_type", "there is no such grant here"));
    };
    let caller = authenticate(asked.context, headers, asked.parameters).await?;
    match (&caller, grant_type) {
        (Caller::FirstParty, GrantType::RefreshToken) => return refresh::exchange(asked, caller.id()).await,
        (Caller::Client(client), _) if client.may_use(grant_type) => {}
        _ => return Err(OAuthError::unauthorized_client()),
    }
    let client = caller.registered()?;
    match grant_type {
        GrantType::AuthorizationCode => code::exchange(asked, &client).await,
        GrantType::RefreshToken => refresh::exchange(asked, Some(client.id)).await,
        GrantType::ClientCredentials => client_credentials::issue(asked, &client).await,
        GrantType::DeviceCode => device::exchange(asked, &client).await,
    }
}

/// What a client gets in a person's name for the first time.
async fn first_tokens(
    asked: &Asked<'_>,
    client: &Client,
    bearer: Bearer<'_>,
    nonce: Option<&str>,
) -> Result<Granted, OAuthError> {
    let refresh_token = client.may_use(GrantType::RefreshToken);
    let refresh_token = refresh_token.then(|| asked.tokens.first_refresh(bearer.family));
    let mut granted = granted(asked, bearer, refresh_token.as_ref()).await?;
    if bearer.family.scope.split(' ').any(|scope| scope == "openid") {
        let request = IdTokenRequest { client: client.id, nonce };
        granted.id_token = Some(asked.tokens.id_token(asked.context, bearer.session, request).await?);
    }
    Ok(granted)
}

async fn granted(
    asked: &Asked<'_>,
    bearer: Bearer<'_>,
    refresh_token: Option<&RefreshToken>,
) -> Result<Granted, OAuthError> {
    Ok(Granted {
        access_token: asked.tokens.access_token(asked.context, bearer).await?,
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_LIFE.as_secs(),
        refresh_token: refresh_token.map(RefreshToken::reveal),
        scope: bearer.family.scope.clone(),
        id_token: None,
    })
}

/// Where a code that a client shows is kept.
fn kept_under(code: &str) -> TokenHash {
    crate::secret::digest(code)
}
