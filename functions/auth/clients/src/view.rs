//! A client, as administrators see it.

use auth_domain::{Client, ClientKind, ClientSecret, GrantType, LogoutUri, RedirectUri, Scope, Secrets};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use jiff::Timestamp;
use mcsp_etag::ETag;
use mcsp_idempotency::Answer;
use mcsp_ids::ClientId;
use mcsp_problem::Json;
use mcsp_reference::Answer as Answered;
use schemars::JsonSchema;
use serde::Serialize;

/// An application that may ask for tokens.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Client")]
pub(crate) struct ClientView {
    id: ClientId,
    /// Whether it can keep a secret (RFC 6749, section 2.1).
    #[schemars(extend("enum" = ["public", "confidential"]))]
    kind: &'static str,
    /// What people are shown when they are asked for consent.
    #[schemars(example = &"Couch Player")]
    name: String,
    /// Where codes may be sent.
    #[schemars(example = ["https://couch.example/callback"])]
    redirect_uris: Vec<String>,
    /// Where a browser may be sent after a logout.
    #[schemars(example = ["https://couch.example/"])]
    post_logout_redirect_uris: Vec<String>,
    /// Where it is told of a logout.
    #[schemars(example = &"https://couch.example/logged-out")]
    backchannel_logout_uri: Option<String>,
    /// How it may get tokens.
    #[schemars(example = ["authorization_code", "refresh_token"])]
    grant_types: Vec<&'static str>,
    /// What it may ask for: permissions, and the scopes of OpenID Connect.
    #[schemars(example = ["openid", "playback.start"])]
    scopes: Vec<String>,
    /// Whether it is the platform's own: people are not asked for consent.
    first_party: bool,
    /// Until when the secret before the last rotation is good.
    previous_secret_expires_at: Option<Timestamp>,
    /// When it was registered.
    created_at: Timestamp,
    /// When it last changed.
    updated_at: Timestamp,
    /// In the one answer to the request that made it, and in no repetition of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"mcspcs_Tm9ib2R5IGd1ZXNzZXMgMzIgcmFuZG9tIGJ5dGVzIQ")]
    secret: Option<String>,
}

impl From<&Client> for ClientView {
    fn from(client: &Client) -> Self {
        let details = &client.details;
        let previous = match &client.kind {
            ClientKind::Public => None,
            ClientKind::Confidential(secrets) => Secrets::previous(secrets),
        };
        ClientView {
            id: client.id,
            kind: client.kind.as_str(),
            name: details.name.as_str().to_owned(),
            redirect_uris: details.redirect_uris.iter().map(RedirectUri::to_string).collect(),
            post_logout_redirect_uris: details
                .post_logout_redirect_uris
                .iter()
                .map(LogoutUri::to_string)
                .collect(),
            backchannel_logout_uri: details.backchannel_logout_uri.as_ref().map(LogoutUri::to_string),
            grant_types: details.grant_types.iter().copied().map(GrantType::as_str).collect(),
            scopes: details.scopes.iter().map(|scope: &Scope| scope.as_str().to_owned()).collect(),
            first_party: details.first_party,
            previous_secret_expires_at: previous.map(|(_, until)| *until),
            created_at: client.created_at,
            updated_at: client.updated_at,
            secret: None,
        }
    }
}

/// What [`answer`] is in the API reference.
pub(crate) fn answered(description: &'static str) -> Answered {
    Answered::json::<ClientView>(StatusCode::OK, description).with(header::ETAG)
}

/// The answer to a read or an edit.
pub(crate) fn answer(client: &Client) -> Response {
    ([(header::ETAG, ETag(client.version).to_string())], Json(ClientView::from(client))).into_response()
}

/// The answer to a request that made a secret, with it and, to be stored for repetitions, without it.
pub(crate) struct Revealing {
    pub(crate) once: Answer,
    pub(crate) repeated: Answer,
}

impl Revealing {
    /// What it is in the API reference.
    pub(crate) fn answered(status: StatusCode, description: &'static str) -> Answered {
        Answered::json::<ClientView>(status, description)
            .with(header::ETAG)
            .with(header::CACHE_CONTROL)
            .with(header::LOCATION)
    }

    pub(crate) fn new(status: StatusCode, client: &Client, secret: Option<&ClientSecret>) -> Self {
        let answer = |secret: Option<&ClientSecret>| {
            let secret = secret.map(|secret| secret.reveal().to_owned());
            Answer::json(status, &ClientView { secret, ..ClientView::from(client) })
                .with_header(header::ETAG, ETag(client.version))
                .with_header(header::CACHE_CONTROL, "no-store")
                .with_header(header::LOCATION, format_args!("/v1/clients/{}", client.id))
        };
        Revealing { once: answer(secret), repeated: answer(None) }
    }
}
