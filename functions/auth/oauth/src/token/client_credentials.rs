//! The client credentials grant (RFC 6749 section 4.4): a client in its own name.

use super::{Asked, Granted};
use crate::error::OAuthError;
use auth_domain::{ACCESS_TOKEN_LIFE, Client, Scopes};
use auth_tokens::OwnName;
use mcsp_access::{Role, token_type};

pub(super) async fn issue(asked: Asked<'_>, client: &Client) -> Result<Granted, OAuthError> {
    let scopes = Scopes::requested(asked.parameters.get("scope"), client);
    let scopes = scopes.map_err(|_| OAuthError::invalid_scope())?;
    let permissions = scopes.clone().permissions();
    if asked.parameters.get("scope").is_some() && permissions != scopes {
        // There is no person to be told of.
        return Err(OAuthError::invalid_scope());
    }
    let scope = permissions.to_string();
    let key = asked.key.as_ref();
    let own = OwnName { client: client.id, scope: &scope, role: Role::Service, key };
    let token = asked.tokens.client_token(asked.context, own).await?;
    Ok(Granted {
        access_token: token,
        token_type: token_type(key),
        expires_in: ACCESS_TOKEN_LIFE.as_secs(),
        refresh_token: None,
        scope,
        id_token: None,
    })
}
