//! Signing and checking.

use crate::grant::Grant;
use crate::key::Key;
use crate::network::Network;
use crate::path::is_plain;
use crate::sealed::{Sealed, seal};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::net::IpAddr;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload<'a> {
    #[serde(borrow)]
    kid: Cow<'a, str>,
    #[serde(borrow)]
    pfx: Cow<'a, str>,
    exp: u64,
    #[serde(borrow)]
    sid: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    net: Option<Cow<'a, str>>,
}

/// Makes tokens with one key.
#[derive(Clone, Debug)]
pub struct Signer {
    key: Key,
}

/// Checks tokens against a ring of keys: while keys are rotated, the old one stays in the ring until the last
/// token that it signed has expired.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: Vec<Key>,
}

/// Why a URL is refused. The caller is told [`Refusal::code`], the log may have the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not a token at all.
    #[error("the token is malformed")]
    Malformed,
    /// No key of the ring has the id that it names.
    #[error("the token names an unknown key")]
    UnknownKey,
    /// It was changed, or signed by somebody else.
    #[error("the signature does not match")]
    Signature,
    /// It was good once: a new one may be asked for.
    #[error("the token has expired")]
    Expired,
    /// The path is outside the prefix that was granted, or not spelt plainly.
    #[error("the path is not covered by the token")]
    Path,
    /// The viewer's address is not in the network that the token is bound to, or nobody says it.
    #[error("the token is bound to another network")]
    Elsewhere,
}

impl Refusal {
    /// The stable code for the problem document, with status 403.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Expired => "url_expired",
            Self::Elsewhere => "url_elsewhere",
            Self::Malformed | Self::UnknownKey | Self::Signature | Self::Path => "url_invalid",
        }
    }
}

impl Signer {
    /// Signs with this key.
    #[must_use]
    pub fn new(key: Key) -> Self {
        Self { key }
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// The token for a grant.
    #[must_use]
    pub fn sign(&self, grant: &Grant) -> String {
        let payload = Payload {
            kid: self.key.id().into(),
            pfx: grant.path_prefix().into(),
            exp: grant.expires_at_unix_s(),
            sid: grant.session_id().into(),
            net: grant.network().map(|network| network.to_string().into()),
        };
        seal(&payload, self.key.mac())
    }
}

impl Verifier {
    /// Accepts tokens of any of these keys.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = Key>) -> Self {
        Self { keys: keys.into_iter().collect() }
    }

    pub(crate) fn key(&self, id: &str) -> Result<&Key, Refusal> {
        self.keys.iter().find(|key| key.id() == id).ok_or(Refusal::UnknownKey)
    }

    /// Checks what is signed under a word of its own: by the key that it names, and that its time is not over.
    pub(crate) fn check(
        &self,
        sealed: &Sealed<'_>,
        word: &[u8],
        (key_id, expires_at_unix_s): (&str, u64),
        now_unix_s: u64,
    ) -> Result<(), Refusal> {
        sealed.check(self.key(key_id)?.mac_under(word))?;
        if now_unix_s >= expires_at_unix_s { Err(Refusal::Expired) } else { Ok(()) }
    }

    /// Checks a token for a path: what stands in the URL behind `/p/<token>/`, as it was sent, not decoded. Where nobody says what
    /// address the viewer has, one that is bound to a network is refused.
    ///
    /// # Errors
    /// Why the URL is refused.
    pub fn verify(&self, token: &str, path: &str, now_unix_s: u64) -> Result<Grant, Refusal> {
        self.verify_from(None, token, path, now_unix_s)
    }

    /// The same for a viewer with this address, in which an IPv4 address wears no IPv6 clothes.
    ///
    /// # Errors
    /// Why the URL is refused.
    pub fn verify_from(
        &self,
        address: Option<IpAddr>,
        token: &str,
        path: &str,
        now_unix_s: u64,
    ) -> Result<Grant, Refusal> {
        let sealed = Sealed::parse(token)?;
        let payload: Payload<'_> = sealed.read()?;
        sealed.check(self.key(&payload.kid)?.mac())?;
        let network = match &payload.net {
            Some(text) => Some(Network::parse(text).ok_or(Refusal::Malformed)?),
            None => None,
        };
        let grant = Grant::new(payload.pfx, payload.sid, payload.exp).map_err(|_| Refusal::Malformed)?;
        let grant = grant.within(network);
        if now_unix_s >= grant.expires_at_unix_s() {
            return Err(Refusal::Expired);
        }
        if !is_plain(path) || !path.starts_with(grant.path_prefix()) {
            return Err(Refusal::Path);
        }
        if network.is_some_and(|network| !address.is_some_and(|address| network.contains(address))) {
            return Err(Refusal::Elsewhere);
        }
        Ok(grant)
    }
}
