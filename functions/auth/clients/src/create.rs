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
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRequest {
    kind: Kind,
    name: String,
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(default)]
    post_logout_redirect_uris: Vec<String>,
    #[serde(default)]
    backchannel_logout_uri: Option<String>,
    grant_types: Vec<String>,
    scopes: Vec<String>,
    #[serde(default)]
    first_party: bool,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Public,
    Confidential,
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
