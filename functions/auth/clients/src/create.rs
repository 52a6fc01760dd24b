//! `POST /v1/clients`: registers an application. A confidential one gets its secret here, shown once.
//!
//! The answer that is kept for repetitions under the same Idempotency-Key is without the secret: nothing stores
//! one. Who has lost the first answer rotates the secret.

use crate::details;
use crate::view::Revealing;
use auth_domain::{Client, ClientDetails, ClientKind, ClientSecret, Secrets};
use auth_storage::clients::{self, WriteError};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_idempotency::{IdempotencyKey, once};
use mcsp_problem::{Invalid, Json, Problem};
use mcsp_reference::Operation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CreateClientRequest")]
pub(crate) struct CreateRequest {
    /// Whether it can keep a secret (RFC 6749, section 2.1). It never changes.
    kind: Kind,
    /// What people are shown when they are asked for consent: 1 to 80 printable characters.
    #[schemars(example = &"Couch Player")]
    name: String,
    /// Where codes may be sent, at most 20: `https`, `http` to a loopback address, or a private-use scheme. They are
    /// compared character by character, but for the port of a loopback address.
    #[serde(default)]
    #[schemars(example = ["https://couch.example/callback"])]
    redirect_uris: Vec<String>,
    /// Where a browser may be sent after a logout, at most 20: `https`, or `http` to a loopback address.
    #[serde(default)]
    #[schemars(example = ["https://couch.example/"])]
    post_logout_redirect_uris: Vec<String>,
    /// Where it is to be told of a logout: `https`, or `http` to a loopback address.
    #[serde(default)]
    #[schemars(example = &"https://couch.example/logged-out")]
    backchannel_logout_uri: Option<String>,
    /// How it may get tokens: `authorization_code`, `refresh_token`, `client_credentials`,
    /// `urn:ietf:params:oauth:grant-type:device_code`.
    #[schemars(example = ["authorization_code", "refresh_token"])]
    grant_types: Vec<String>,
    /// What it may ask for, at most 50: permissions, `openid`, `profile`, `email` and `offline_access`.
    #[schemars(example = ["openid", "playback.start"])]
    scopes: Vec<String>,
    /// Whether it is the platform's own: people are not asked for consent.
    #[serde(default)]
    first_party: bool,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ClientKind")]
enum Kind {
    /// It runs where others can look: in a browser, on a phone, on a TV.
    Public,
    /// It runs on a server, and gets a secret.
    Confidential,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/clients", create)
        .named("createClient", "Register an application")
        .described(
            "A confidential application gets its secret in the answer, shown this once: a repetition under the same \
            `Idempotency-Key` gives the same answer without it. Who has lost the first answer rotates the secret.",
        )
        .requires(Permission::ClientManage)
        .answers(Revealing::answered(StatusCode::CREATED, "The application is registered."))
        .refuses([Invalid::default().into_problem()])
}

pub(crate) async fn create(
    State(context): State<Context>,
    caller: Caller,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<CreateRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::ClientManage)?;
    let details = parse(&request)?;
    let scope = format!("{} clients.create", caller.user());
    once(&context, &scope, key, &request, async |claim| {
        let secret = match request.kind {
            Kind::Public => None,
            Kind::Confidential => Some(ClientSecret::new(&context.secret())),
        };
        let kind = secret
            .as_ref()
            .map_or(ClientKind::Public, |secret| ClientKind::Confidential(Secrets::new(secret.digest())));
        let client = Client::register(context.new_id(), kind, details, context.now());
        let client = client.map_err(details::unfit)?;
        let answer = Revealing::new(StatusCode::CREATED, &client, secret.as_ref());
        match clients::insert(context.bridge(), &client, claim.record(&answer.repeated)).await {
            Ok(()) => Ok(answer.once),
            Err(WriteError::Outdated) => Err(Problem::internal(&WriteError::Outdated)),
            Err(WriteError::Failed(error)) => Err(error.into()),
        }
    })
    .await
}

fn parse(request: &CreateRequest) -> Result<ClientDetails, Problem> {
    let mut invalid = Invalid::default();
    let name = invalid.check("/name", details::name(&request.name));
    let redirect_uris = details::redirect_uris(&request.redirect_uris, &mut invalid);
    let post_logout = details::post_logout_redirect_uris(&request.post_logout_redirect_uris, &mut invalid);
    let backchannel = request.backchannel_logout_uri.as_deref().map(details::logout_uri).transpose();
    let backchannel = invalid.check("/backchannel_logout_uri", backchannel);
    let grant_types = details::grant_types(&request.grant_types, &mut invalid);
    let scopes = details::scopes(&request.scopes, &mut invalid);
    match (name, redirect_uris, post_logout, backchannel, grant_types, scopes) {
        (
            Some(name),
            Some(redirect_uris),
            Some(post_logout_redirect_uris),
            Some(backchannel_logout_uri),
            Some(grant_types),
            Some(scopes),
        ) => Ok(ClientDetails {
            name,
            redirect_uris,
            post_logout_redirect_uris,
            backchannel_logout_uri,
            grant_types,
            scopes,
            first_party: request.first_party,
        }),
        _ => Err(invalid.into_problem()),
    }
}
