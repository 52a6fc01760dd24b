//! `POST /oauth/token`: exchanges what a client has for tokens (RFC 6749 section 3.2).

mod client_credentials;
mod code;
mod device;
mod refresh;

use crate::client::{Caller, authenticate};
use crate::dpop::proved_key;
use crate::error::OAuthError;
use crate::form::{FORM, Form};
use crate::limits;
use auth_domain::{ACCESS_TOKEN_LIFE, Client, ClientKind, GrantType, Parameters, Scopes};
use auth_storage::TokenHash;
use auth_tokens::{Bearer, IdTokenRequest, RefreshToken, Tokens};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use mcsp_access::{Confirmation, token_type};
use mcsp_bridge_api::postgres::TransactError;
use mcsp_function::{ClientAddress, Context, DPOP};
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) const PATH: &str = "/oauth/token";

const NOTHING_LEFT: &str = "the client is registered for nothing of what it was given any more";

/// What a client gets (RFC 6749 section 5.1). The names are the protocol's.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OAuthTokens")]
struct Granted {
    /// A JWT (RFC 9068), to be sent as `Authorization: Bearer …`. Treat it as opaque.
    #[schemars(example = &"eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0.e30.c2lnbmF0dXJl")]
    access_token: String,
    /// How it is to be sent: `DPoP` where it is bound to a key (RFC 9449).
    #[schemars(extend("enum" = ["Bearer", "DPoP"]))]
    token_type: &'static str,
    /// For how many seconds it is good.
    #[schemars(example = 600)]
    expires_in: i64,
    /// What gives the next access token, once; where the client may use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"mcsprt_AZrbIhyAcACAAAAAAAAAAQAAAADhM7nzK4R3Vb0sJmHq9zvYpH5Lr7wq2Xz0cVnUo3TtYQ")]
    refresh_token: Option<String>,
    /// What the client may do with the access token.
    #[schemars(example = &"openid playback.start")]
    scope: String,
    /// Who has signed in, as a JWT (OpenID Connect); with the scope `openid`, the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6ImsxIn0.e30.c2lnbmF0dXJl")]
    id_token: Option<String>,
}

/// What a client has, to be exchanged. Which fields are needed depends on the grant.
#[derive(JsonSchema)]
#[schemars(rename = "OAuthTokenRequest")]
#[schemars(extend("examples" = [{
    "grant_type": "authorization_code",
    "client_id": "client_01kb5t4v00e8ptxz3kd07gq2sn",
    "code": "Tm9ib2R5IGd1ZXNzZXMgMzIgcmFuZG9tIGJ5dGVzIQA",
    "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "redirect_uri": "https://couch.example/callback",
}]))]
#[expect(dead_code, reason = "only described")]
struct TokenRequest {
    /// How.
    #[schemars(extend("enum" = GrantType::ALL.map(GrantType::as_str)))]
    grant_type: String,
    /// `authorization_code`: what the redirect has brought.
    code: Option<String>,
    /// `authorization_code`: what the `code_challenge` is the SHA-256 of (RFC 7636).
    code_verifier: Option<String>,
    /// `authorization_code`: the one of the authorization request, where that named one.
    redirect_uri: Option<String>,
    /// `refresh_token`: the last one. It is good once; its successor is in the answer.
    refresh_token: Option<String>,
    /// The device grant: the one of `/oauth/device_authorization`.
    device_code: Option<String>,
    /// `client_credentials`, `refresh_token`: what for, separated by spaces; by default all that there is.
    scope: Option<String>,
    /// The client, where it does not authenticate by HTTP Basic. `first-party` renews what `/v1/sessions` gave.
    client_id: Option<String>,
    /// Its secret, where it has one and does not authenticate by HTTP Basic.
    client_secret: Option<String>,
}

pub(crate) fn reference() -> Operation {
    let refused = [
        "invalid_grant",
        "unsupported_grant_type",
        "authorization_pending",
        "slow_down",
        "access_denied",
        "expired_token",
    ];
    Operation::post(PATH, token)
        .named("getTokens", "Exchange a code, a refresh token or credentials for tokens")
        .described(
            "The token endpoint of OAuth 2 (RFC 6749, section 3.2), for the grants `authorization_code` (with PKCE), \
            `refresh_token`, `client_credentials` and that of devices (RFC 8628).\n\n\
            A refresh token is good once. For some seconds after its use it gives the same successor again, so that a \
            repetition or a second tab does no harm; used later, it ends all that came of it.\n\n\
            With a proof in `DPoP` (RFC 9449) the access token is bound to its key, and so are the refresh tokens of a \
            public client. Nonces are not asked for.",
        )
        .takes_header(DPOP)
        .takes_client()
        .takes_body::<TokenRequest>(FORM)
        .answers(Answer::json::<Granted>(StatusCode::OK, "The tokens.").with(header::CACHE_CONTROL))
        .refuses(refused.map(|code| OAuthError::new(code, "")))
        .refuses([OAuthError::invalid_client(), OAuthError::unauthorized_client()])
        .refuses([OAuthError::invalid_scope(), OAuthError::invalid_dpop_proof(""), limits::too_many()])
        .refuses([OAuthError::from(Problem::from(TransactError::Conflict))])
}

/// The parts of a request that the grants look at.
struct Asked<'a> {
    context: &'a Context,
    tokens: &'a Tokens,
    parameters: &'a Parameters,
    /// The key that the client has proved: what it gets is bound to that.
    key: Option<Confirmation>,
}

impl Asked<'_> {
    /// A parameter that the grant cannot do without.
    fn needed(&self, name: &str, missing: &'static str) -> Result<&str, OAuthError> {
        self.parameters.get(name).ok_or_else(|| OAuthError::invalid_request(missing))
    }

    /// The key that refresh tokens are bound to: those of a client that can prove itself are bound to the client.
    fn key_of_refresh(&self, client: &Client) -> Option<&str> {
        match client.kind {
            ClientKind::Public => self.proved(),
            ClientKind::Confidential(_) => None,
        }
    }

    fn proved(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.jkt.as_str())
    }
}

pub(crate) async fn token(
    State(context): State<Context>,
    Extension(tokens): Extension<Tokens>,
    address: ClientAddress,
    headers: HeaderMap,
    Form(parameters): Form,
) -> Result<Response, OAuthError> {
    let asked = Asked { context: &context, tokens: &tokens, parameters: &parameters, key: None };
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
    let key = proved_key(asked.context, headers, PATH).await?;
    let asked = Asked { key, ..asked };
    match (&caller, grant_type) {
        (Caller::FirstParty, GrantType::RefreshToken) => return refresh::exchange(asked, None).await,
        (Caller::Client(client), _) if client.may_use(grant_type) => {}
        _ => return Err(OAuthError::unauthorized_client()),
    }
    let client = caller.registered()?;
    match grant_type {
        GrantType::AuthorizationCode => code::exchange(asked, &client).await,
        GrantType::RefreshToken => refresh::exchange(asked, Some(&client)).await,
        GrantType::ClientCredentials => client_credentials::issue(asked, &client).await,
        GrantType::DeviceCode => device::exchange(asked, &client).await,
    }
}

/// What is left of what a client was given, now that it may be registered for less.
fn left_of(given: &str, client: &Client) -> Result<Scopes, OAuthError> {
    Scopes::left_of(given, client).ok_or_else(|| OAuthError::invalid_grant(NOTHING_LEFT))
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
        token_type: token_type(bearer.key),
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
