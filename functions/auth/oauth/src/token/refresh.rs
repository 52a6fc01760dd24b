//! The refresh token grant (RFC 6749 section 6): a token is exchanged for its successor.

use super::{Asked, Granted, granted, left_of};
use crate::error::OAuthError;
use auth_domain::{Client, RefreshFamily, Scopes};
use auth_storage::{Renewed, Rotation};
use auth_tokens::{Bearer, RefreshToken};

const REFUSED: &str =
    "the refresh token is unknown, used, expired, revoked, or not this client's or this key's";

/// `client` is none for a session that was begun with the platform itself.
pub(super) async fn exchange(asked: Asked<'_>, client: Option<&Client>) -> Result<Granted, OAuthError> {
    let refused = || OAuthError::invalid_grant(REFUSED);
    let token = asked.needed("refresh_token", "refresh_token is required")?;
    let token = RefreshToken::parse(token).ok_or_else(refused)?;
    let (secret, grace) = (asked.tokens.secret(), asked.tokens.refresh_grace());
    let (bridge, now) = (asked.context.bridge(), asked.context.now());
    let scope = asked.parameters.get("scope");
    if scope.is_some() {
        // Looked at before the exchange: a refused request must not cost the client its token.
        let live = auth_storage::live_family(bridge, token.family(), None, now).await?;
        narrowed(&live.ok_or_else(refused)?.1.scope, client, scope)?;
    }
    let shown = secret.shown(&token, client.map(|client| client.id));
    let Renewed { account, session, family } =
        match auth_storage::rotate(bridge, shown, asked.proved(), now, grace).await? {
            Rotation::Renewed(renewed) => *renewed,
            Rotation::Reused | Rotation::Refused => return Err(refused()),
        };
    // The access token may have less of a scope; the refresh token keeps all of it.
    let family = RefreshFamily { scope: narrowed(&family.scope, client, scope)?, ..family };
    let bearer = Bearer { account: &account, session: &session, family: &family, key: asked.key.as_ref() };
    granted(&asked, bearer, Some(&secret.successor(&token))).await
}

/// Of what was given, what the client is still registered for; and of that what it asks for.
fn narrowed(given: &str, client: Option<&Client>, asked: Option<&str>) -> Result<String, OAuthError> {
    let given = match client {
        Some(client) => left_of(given, client)?.to_string(),
        None => given.to_owned(),
    };
    let Some(asked) = asked else { return Ok(given) };
    let (given, asked) = (Scopes::parse(&given), Scopes::parse(asked));
    match (given, asked) {
        (Some(given), Some(asked)) if asked.are_within(&given) && !asked.is_empty() => Ok(asked.to_string()),
        _ => Err(OAuthError::invalid_scope()),
    }
}
