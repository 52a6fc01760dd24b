//! Access tokens: what a session is given.

use auth_domain::{Account, Session};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcsp_access::{Claims, SigningKeys, issue};
use mcsp_function::{Context, MissingVariable};
use std::sync::Arc;

/// The client of sessions that are begun here, without a registered client.
const FIRST_PARTY: &str = "first-party";

/// How strongly a password alone authenticates (RFC 9470).
const PASSWORD_ACR: &str = "1";

/// What issues access tokens, made once for the life of an instance.
#[derive(Clone, Debug)]
pub(crate) struct Tokens(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keys: SigningKeys,
    issuer: String,
    audience: String,
}

impl Tokens {
    pub(crate) fn of(context: &Context) -> Result<Self, MissingVariable> {
        let unusable = MissingVariable("signing_keys");
        let keys = SigningKeys::from_json(context.variable(unusable.0)?).map_err(|_| unusable)?;
        let issuer = context.variable("issuer")?.to_owned();
        let audience = context.variable("audience")?.to_owned();
        Ok(Tokens(Arc::new(Inner { keys, issuer, audience })))
    }

    /// An access token (RFC 9068) that ends with the session.
    pub(crate) fn access_token(&self, context: &Context, account: &Account, session: &Session) -> String {
        let claims = Claims {
            iss: self.0.issuer.clone(),
            aud: self.0.audience.clone(),
            sub: account.id,
            client_id: FIRST_PARTY.to_owned(),
            iat: session.last_seen_at.as_second(),
            exp: session.expires_at.as_second(),
            nbf: None,
            jti: URL_SAFE_NO_PAD.encode(context.secret()),
            sid: session.id,
            scope: String::new(),
            roles: account.roles.clone(),
            permissions: Vec::new(),
            region: account.region.clone(),
            acr: PASSWORD_ACR.to_owned(),
        };
        issue(self.0.keys.current(), &claims)
    }
}
