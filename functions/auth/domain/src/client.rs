//! Clients: the applications that may ask for tokens (RFC 6749 section 2).

mod details;
mod secret;
mod uri;

pub use details::{
    ClientDetails, ClientName, GrantType, InvalidClient, REDIRECT_URIS_MAX, SCOPES_MAX, Scope,
};
pub use secret::{ClientSecret, SECRET_OVERLAP_MAX, SecretDigest, Secrets};
pub use uri::{InvalidUri, LogoutUri, RedirectUri};

use jiff::{SignedDuration, Timestamp};
use mcsp_ids::ClientId;

/// A registered application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The `client_id` of OAuth.
    pub id: ClientId,
    /// Whether it can keep a secret, and how it proves that it is itself.
    pub kind: ClientKind,
    /// What it may ask for, and where answers go.
    pub details: ClientDetails,
    /// 1 when registered, and one more with each change.
    pub version: i64,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Whether a client can keep a secret (RFC 6749 section 2.1). It never changes: the tokens that it has were
/// given under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// It runs where others can look: in a browser, on a phone, on a TV.
    Public,
    /// It runs on a server, and has a secret.
    Confidential(Secrets),
}

/// A public client has no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a public client has no secret")]
pub struct NoSecret;

impl ClientKind {
    /// The stable name.
    pub const fn as_str(&self) -> &'static str {
        match self {
            ClientKind::Public => "public",
            ClientKind::Confidential(_) => "confidential",
        }
    }
}

impl Client {
    /// A new client.
    pub fn register(
        id: ClientId,
        kind: ClientKind,
        details: ClientDetails,
        at: Timestamp,
    ) -> Result<Client, InvalidClient> {
        details.fit(&kind)?;
        Ok(Client { id, kind, details, version: 1, created_at: at, updated_at: at })
    }

    /// Other details; the same client, unchanged, where they are what it has.
    pub fn edit(self, details: ClientDetails, at: Timestamp) -> Result<Client, InvalidClient> {
        details.fit(&self.kind)?;
        if details == self.details {
            return Ok(self);
        }
        Ok(Client { details, version: self.version + 1, updated_at: at, ..self })
    }

    /// Another secret. The one that it replaces is good for as long as the overlap; any older one ends now.
    pub fn rotate_secret(
        self,
        secret: SecretDigest,
        overlap: SignedDuration,
        at: Timestamp,
    ) -> Result<Client, NoSecret> {
        match self.kind {
            ClientKind::Public => Err(NoSecret),
            ClientKind::Confidential(secrets) => {
                let kind = ClientKind::Confidential(secrets.replaced(secret, overlap, at));
                Ok(Client { kind, version: self.version + 1, updated_at: at, ..self })
            }
        }
    }

    /// Whether this is the client's secret, or the one before while that is good. False for a public client.
    pub fn knows(&self, secret: &str, at: Timestamp) -> bool {
        match &self.kind {
            ClientKind::Public => false,
            ClientKind::Confidential(secrets) => secrets.contain(secret, at),
        }
    }

    /// The registered redirect URI that a request names (RFC 6749 section 3.1.2.3): the very same text, but
    /// for the port of a loopback address, which a native application can't know before (RFC 8252 section 7.3).
    pub fn redirect_uri(&self, requested: &str) -> Option<&RedirectUri> {
        self.details.redirect_uris.iter().find(|registered| registered.admits(requested))
    }

    /// Whether the client may use the grant.
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.details.grant_types.contains(&grant_type)
    }
}

#[cfg(test)]
mod tests;
