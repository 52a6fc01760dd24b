//! The refresh token grant (RFC 6749 section 6): a token is exchanged for its successor.

use super::{Asked, Granted, granted};
use crate::error::OAuthError;
use auth_domain::{RefreshFamily, Scopes};
use auth_storage::{Renewed, Rotation};
use auth_tokens::{Bearer, RefreshToken};
use mcsp_ids::ClientId;

const REFUSED: &str =
    "the refresh token is unknown, used, expired, revoked, or not this client's or this key's";

pub(super) async fn exchange(asked: Asked<'_>, client: Option<ClientId>) -> Result<Granted, OAuthError> {
    let refused = || OAuthError::invalid_grant(REFUSED);
    let token = asked.needed("refresh_token", "refresh_token is required")?;
    let token = RefreshToken::parse(token).ok_or_else(refused)?;
    let (secret, grace) = (asked.tokens.secret(), asked.tokens.refresh_grace());
    let (bridge, now) = (asked.context.bridge(), asked.context.now());
    let scope = asked.parameters.get("scope");
    if scope.is_some() {
        // Looked at before the exchange: a refused request must not cost the client its token.
        let live = auth_storage::live_family(bridge, token.family(), None, now).await?;
        narrowed(&live.ok_or_else(refused)?.1.scope, scope)?;
    }
    let shown = secret.shown(&token, client);
    let Renewed { account, session, family } =
        match auth_storage::rotate(bridge, shown, asked.proved(), now, grace).await? {
            Rotation::Renewed(renewed) => *renewed,
            Rotation::Reused | Rotation::Refused => return Err(refused()),
        };
    // The access token may have less of a scope; the refresh token keeps all of it.
    let family = RefreshFamily { scope: narrowed(&family.scope, scope)?, ..family };
    let bearer = Bearer { account: &account, session: &session, family: &family, key: asked.key.as_ref() };
    granted(&asked, bearer, Some(&secret.successor(&token))).await
}

fn narrowed(given: &str, asked: Option<&str>) -> Result<String, OAuthError> {
    let Some(asked) = asked else { return Ok(given.to_owned()) };
    let (given, asked) = (Scopes::parse(given), Scopes::parse(asked));
    match (given, asked) {
        (Some(given), Some(asked)) if asked.are_within(&given) && !asked.is_empty() => Ok(asked.to_string()),
        _ => Err(OAuthError::invalid_scope()),
    }
}
