//! What a client may ask for, and where answers go.

use super::{ClientKind, LogoutUri, RedirectUri};
use mcsp_access::Permission;

/// Redirect URIs of a client, and as many of each other kind of URI.
pub const REDIRECT_URIS_MAX: usize = 20;
/// Scopes of a client.
pub const SCOPES_MAX: usize = 50;
const NAME_MAX_CHARS: usize = 80;

/// Scopes that are no permissions: those of OpenID Connect Core sections 3.1.2.1, 5.4 and 11.
const OPENID_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// What may change about a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientDetails {
    /// What people are shown when they are asked for consent.
    pub name: ClientName,
    /// Where codes may be sent.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where a browser may be sent after a logout.
    pub post_logout_redirect_uris: Vec<LogoutUri>,
    /// Where we tell of a logout.
    pub backchannel_logout_uri: Option<LogoutUri>,
    /// How it may get tokens.
    pub grant_types: Vec<GrantType>,
    /// What it may ask for.
    pub scopes: Vec<Scope>,
    /// Whether it is our own: people are not asked for consent.
    pub first_party: bool,
}

/// A name to be shown: 1 to 80 printable characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientName(String);

/// How a client may get tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    /// With a code that a person's consent gave (RFC 6749 section 4.1), always with PKCE (RFC 7636).
    AuthorizationCode,
    /// With a refresh token (RFC 6749 section 6).
    RefreshToken,
    /// In its own name (RFC 6749 section 4.4).
    ClientCredentials,
    /// On a device without a keyboard (RFC 8628).
    DeviceCode,
}

/// A scope: a permission's name, or one of OpenID Connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(String);

/// What does not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidClient {
    /// It could get no token at all.
    #[error("must hold at least one grant type")]
    NoGrantType,
    /// Only who can keep a secret can ask in its own name.
    #[error("client_credentials needs a confidential client")]
    PublicInItsOwnName,
    /// A code has to be sent somewhere.
    #[error("authorization_code needs a redirect URI")]
    NoRedirectUri,
    /// Nothing gives a refresh token without one of these.
    #[error("refresh_token needs authorization_code or the device grant")]
    NothingToRefresh,
}

impl InvalidClient {
    /// The stable machine code.
    pub const fn code(self) -> &'static str {
        match self {
            InvalidClient::NoGrantType => "grant_type_missing",
            InvalidClient::PublicInItsOwnName => "client_is_public",
            InvalidClient::NoRedirectUri => "redirect_uri_missing",
            InvalidClient::NothingToRefresh => "nothing_to_refresh",
        }
    }

    /// The field to change, as a JSON Pointer.
    pub const fn pointer(self) -> &'static str {
        match self {
            InvalidClient::NoGrantType
            | InvalidClient::PublicInItsOwnName
            | InvalidClient::NothingToRefresh => "/grant_types",
            InvalidClient::NoRedirectUri => "/redirect_uris",
        }
    }
}

impl ClientDetails {
    pub(super) fn fit(&self, kind: &ClientKind) -> Result<(), InvalidClient> {
        let has = |grant_type| self.grant_types.contains(&grant_type);
        if self.grant_types.is_empty() {
            return Err(InvalidClient::NoGrantType);
        }
        if has(GrantType::ClientCredentials) && matches!(kind, ClientKind::Public) {
            return Err(InvalidClient::PublicInItsOwnName);
        }
        if has(GrantType::AuthorizationCode) && self.redirect_uris.is_empty() {
            return Err(InvalidClient::NoRedirectUri);
        }
        let gives_refresh_tokens = has(GrantType::AuthorizationCode) || has(GrantType::DeviceCode);
        if has(GrantType::RefreshToken) && !gives_refresh_tokens {
            return Err(InvalidClient::NothingToRefresh);
        }
        Ok(())
    }
}

impl ClientName {
    /// Spaces around it do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (1..=NAME_MAX_CHARS).contains(&text.chars().count()) && !text.contains(char::is_control);
        fits.then(|| ClientName(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl GrantType {
    /// Every one.
    pub const ALL: [GrantType; 4] = [
        GrantType::AuthorizationCode,
        GrantType::RefreshToken,
        GrantType::ClientCredentials,
        GrantType::DeviceCode,
    ];

    /// The `grant_type` of a token request.
    pub const fn as_str(self) -> &'static str {
        match self {
            GrantType::AuthorizationCode => "authorization_code",
            GrantType::RefreshToken => "refresh_token",
            GrantType::ClientCredentials => "client_credentials",
            GrantType::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        }
    }

    /// The grant of that name.
    pub fn from_name(name: &str) -> Option<GrantType> {
        GrantType::ALL.into_iter().find(|grant_type| grant_type.as_str() == name)
    }
}

impl Scope {
    /// A name that is no scope of this platform is refused: it would give nothing, and nobody would notice.
    pub fn parse(text: &str) -> Option<Self> {
        let is_known = OPENID_SCOPES.contains(&text) || Permission::from_name(text).is_some();
        is_known.then(|| Scope(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
