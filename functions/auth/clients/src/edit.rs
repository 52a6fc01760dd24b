//! `PATCH /v1/clients/{id}`: what is left out stays; a list replaces the whole list; `null` clears the logout URI.

use crate::{details, view};
use auth_domain::{Client, ClientDetails};
use auth_storage::clients::{self, WriteError};
use axum::extract::State;
use axum::response::Response;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::TransactError;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context};
use mcsp_ids::ClientId;
use mcsp_problem::{Invalid, Json, Path, Problem};
use mcsp_reference::Operation;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EditClientRequest")]
pub(crate) struct EditRequest {
    /// What people are shown when they are asked for consent: 1 to 80 printable characters.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "String", example = &"Couch Player")]
    name: Option<String>,
    /// Where codes may be sent, at most 20.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Vec<String>", example = ["https://couch.example/callback"])]
    redirect_uris: Option<Vec<String>>,
    /// Where a browser may be sent after a logout, at most 20.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Vec<String>", example = ["https://couch.example/"])]
    post_logout_redirect_uris: Option<Vec<String>>,
    /// Where it is to be told of a logout. Null clears it.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<String>", example = &"https://couch.example/logged-out")]
    backchannel_logout_uri: Option<Option<String>>,
    /// How it may get tokens.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Vec<String>", example = ["authorization_code", "refresh_token"])]
    grant_types: Option<Vec<String>>,
    /// What it may ask for, at most 50.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Vec<String>", example = ["openid", "playback.start"])]
    scopes: Option<Vec<String>>,
    /// Whether it is the platform's own: people are not asked for consent.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "bool")]
    first_party: Option<bool>,
}

pub(crate) fn reference() -> Operation {
    Operation::patch("/v1/clients/{id}", edit)
        .named("editClient", "Change an application")
        .described(
            "What is left out stays as it is; a list replaces the whole list. Send the `ETag` that you have read as \
            `If-Match`, so that nobody's change is lost.",
        )
        .requires(Permission::ClientManage)
        .answers(view::answered("The application as it is now."))
        .refuses([Problem::not_found(), Invalid::default().into_problem(), TransactError::Conflict.into()])
}

/// Tells a field that is left out, which is `None`, from one that is null.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

pub(crate) async fn edit(
    State(context): State<Context>,
    (caller, if_match): (Caller, IfMatch),
    Path(id): Path<ClientId>,
    Json(request): Json<EditRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::ClientManage)?;
    let client = clients::find(context.bridge(), id).await?.ok_or_else(Problem::not_found)?;
    if_match.check(client.version)?;
    let before = client.version;
    let edited = parse(request, &client)?;
    let client = client.edit(edited, context.now()).map_err(details::unfit)?;
    if client.version != before {
        clients::save(context.bridge(), &client, None).await.map_err(|error| refuse(error, &if_match))?;
    }
    Ok(view::answer(&client))
}

fn parse(request: EditRequest, client: &Client) -> Result<ClientDetails, Problem> {
    let mut invalid = Invalid::default();
    let mut edited = client.details.clone();
    if let Some(name) = request.name.and_then(|text| invalid.check("/name", details::name(&text))) {
        edited.name = name;
    }
    if let Some(uris) = request.redirect_uris.and_then(|texts| details::redirect_uris(&texts, &mut invalid)) {
        edited.redirect_uris = uris;
    }
    let post_logout = request.post_logout_redirect_uris;
    if let Some(uris) = post_logout.and_then(|texts| details::post_logout_redirect_uris(&texts, &mut invalid))
    {
        edited.post_logout_redirect_uris = uris;
    }
    if let Some(text) = request.backchannel_logout_uri {
        let uri = text.as_deref().map(details::logout_uri).transpose();
        edited.backchannel_logout_uri = invalid.check("/backchannel_logout_uri", uri).flatten();
    }
    if let Some(grants) = request.grant_types.and_then(|names| details::grant_types(&names, &mut invalid)) {
        edited.grant_types = grants;
    }
    if let Some(scopes) = request.scopes.and_then(|names| details::scopes(&names, &mut invalid)) {
        edited.scopes = scopes;
    }
    edited.first_party = request.first_party.unwrap_or(edited.first_party);
    invalid.into_result(edited)
}

/// Who named a version is told that it is stale; who named none may simply try again.
pub(crate) fn refuse(error: WriteError, if_match: &IfMatch) -> Problem {
    match error {
        WriteError::Outdated => if_match.outdated().unwrap_or_else(|| TransactError::Conflict.into()),
        WriteError::Failed(error) => error.into(),
    }
}
