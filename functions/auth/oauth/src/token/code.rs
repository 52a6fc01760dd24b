//! The authorization code grant (RFC 6749 section 4.1.3), with PKCE (RFC 7636).
//!
//! A code is used up before anything else is looked at. Whoever is told that this failed on our side begins anew, which
//! takes no page: a repetition could not be told from a theft.

use super::{Asked, Granted, first_tokens, kept_under, left_of};
use crate::error::OAuthError;
use auth_domain::{Client, CodeChallenge, RefreshFamily};
use auth_storage::{CodeGrant, Redemption, SignedIn};
use auth_tokens::Bearer;

/// What can be wrong with a code gets one answer.
const REFUSED: &str =
    "the code is unknown, used, expired, or not for this client, redirect_uri, code_verifier and key";

pub(super) async fn exchange(asked: Asked<'_>, client: &Client) -> Result<Granted, OAuthError> {
    let code = asked.needed("code", "code is required")?;
    let verifier = asked.needed("code_verifier", "code_verifier is required")?;
    let bridge = asked.context.bridge();
    let grant = match auth_storage::redeem_code(bridge, kept_under(code), client.id).await? {
        Redemption::First(grant) => grant,
        // Somebody has it who should not: what the first use gave may be theirs (RFC 9700 section 4.5).
        Redemption::Again(family) => {
            auth_storage::revoke(bridge, family).await?;
            return Err(OAuthError::invalid_grant(REFUSED));
        }
        Redemption::Unknown => return Err(OAuthError::invalid_grant(REFUSED)),
    };
    if !fits(&grant, &asked, verifier) {
        auth_storage::revoke(bridge, grant.family).await?;
        return Err(OAuthError::invalid_grant(REFUSED));
    }
    let live = auth_storage::live_family(bridge, grant.family, None, asked.context.now()).await?;
    let (SignedIn { account, session }, family) = live.ok_or_else(|| OAuthError::invalid_grant(REFUSED))?;
    let scope = left_of(&family.scope, client)?.to_string();
    let family = RefreshFamily { scope, ..family };
    if let Some(key) = asked.key_of_refresh(client) {
        auth_storage::bind_family(bridge, family.id, key).await?;
    }
    let bearer = Bearer { account: &account, session: &session, family: &family, key: asked.key.as_ref() };
    first_tokens(&asked, client, bearer, grant.nonce.as_deref()).await
}

fn fits(grant: &CodeGrant, asked: &Asked<'_>, verifier: &str) -> bool {
    let is_sent_there = match (&grant.redirect_uri, asked.parameters.get("redirect_uri")) {
        (Some(named), given) => given == Some(named),
        (None, None) => true,
        (None, Some(_)) => false,
    };
    let has_the_key = grant.key.as_deref().is_none_or(|key| asked.proved() == Some(key));
    is_sent_there && has_the_key && CodeChallenge::kept(grant.code_challenge.clone()).is_met_by(verifier)
}
