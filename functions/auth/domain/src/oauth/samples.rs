//! What the tests of this module begin with.

use crate::{Client, ClientDetails, ClientKind, ClientName, GrantType, RedirectUri, Scope};
use jiff::Timestamp;
use mcsp_ids::ClientId;
use uuid::Uuid;

/// A third party's application, public, with two redirect URIs.
pub(super) fn client() -> Client {
    let uris = ["https://app.example/callback", "http://127.0.0.1/callback"];
    let details = ClientDetails {
        name: ClientName::parse("An application").unwrap(),
        redirect_uris: uris.iter().map(|uri| RedirectUri::parse(uri).unwrap()).collect(),
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        scopes: ["openid", "email", "content.edit"].map(|name| Scope::parse(name).unwrap()).into(),
        first_party: false,
    };
    let id = ClientId::from_uuid(Uuid::from_u128(1));
    Client::register(id, ClientKind::Public, details, Timestamp::UNIX_EPOCH).unwrap()
}
