//! Ed25519 keys: the private one that signs, and the published set that verifies (RFC 7517, RFC 8037).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, VerifyingKey};
use serde::Deserialize;
use std::fmt;

/// A key that signs access tokens, with the id under which its public half is published.
pub struct SigningKey {
    id: String,
    key: ed25519_dalek::SigningKey,
}

/// A text that is not a key, or not one of the kind that is used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Not a JWK or JWK Set as RFC 7517 has it.
    #[error("not a JWK")]
    NotAJwk,
    /// Not an Ed25519 key with a key id.
    #[error("not an Ed25519 JWK with a `kid`")]
    NotEd25519,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    kid: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    d: String,
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Jwk>,
}

impl SigningKey {
    /// Makes a key from 32 random bytes.
    pub fn from_seed(id: impl Into<String>, seed: &[u8; 32]) -> Self {
        SigningKey { id: id.into(), key: ed25519_dalek::SigningKey::from_bytes(seed) }
    }

    /// Reads a private JWK: `{"kty":"OKP","crv":"Ed25519","kid":…,"x":…,"d":…}`.
    pub fn from_jwk(json: &str) -> Result<Self, InvalidKey> {
        let jwk: Jwk = serde_json::from_str(json).map_err(|_| InvalidKey::NotAJwk)?;
        let seed: [u8; 32] = octets(&jwk.d)?;
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        let public = public_key(&jwk)?;
        if key.verifying_key() == public {
            Ok(SigningKey { id: jwk.kid, key })
        } else {
            Err(InvalidKey::NotEd25519)
        }
    }

    /// The key id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public half.
    pub fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// The private half, for whoever keeps it.
    pub fn seed(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// The public half, as a JWK for the published set.
    pub fn public_jwk(&self) -> serde_json::Value {
        public_jwk(&self.id, &self.public_key())
    }

    /// The private JWK, for whoever makes and keeps keys.
    pub fn private_jwk(&self) -> serde_json::Value {
        let mut jwk = self.public_jwk();
        if let Some(members) = jwk.as_object_mut() {
            members.insert("d".to_owned(), URL_SAFE_NO_PAD.encode(self.key.to_bytes()).into());
        }
        jwk
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The public half of a key, as a JWK for the published set (RFC 8037 section 2).
pub fn public_jwk(id: &str, public_key: &[u8; 32]) -> serde_json::Value {
    serde_json::json!({
        "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": id,
        "x": URL_SAFE_NO_PAD.encode(public_key),
    })
}

/// The published keys.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<(String, VerifyingKey)>);

impl KeySet {
    /// Reads a JWK Set. Keys of other kinds are passed over, as RFC 7517 section 5 asks.
    pub fn from_json(json: &[u8]) -> Result<Self, InvalidKey> {
        let set: JwkSet = serde_json::from_slice(json).map_err(|_| InvalidKey::NotAJwk)?;
        Ok(KeySet(
            set.keys.into_iter().filter_map(|jwk| Some((jwk.kid.clone(), public_key(&jwk).ok()?))).collect(),
        ))
    }

    /// The key of that id.
    pub(crate) fn find(&self, id: &str) -> Option<&VerifyingKey> {
        self.0.iter().find(|(kid, _)| kid == id).map(|(_, key)| key)
    }

    /// Whether the set holds no key that can be used.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn public_key(jwk: &Jwk) -> Result<VerifyingKey, InvalidKey> {
    if jwk.kty != "OKP" || jwk.crv != "Ed25519" || jwk.kid.is_empty() {
        return Err(InvalidKey::NotEd25519);
    }
    VerifyingKey::from_bytes(&octets(&jwk.x)?).map_err(|_| InvalidKey::NotEd25519)
}

fn octets<const N: usize>(text: &str) -> Result<[u8; N], InvalidKey> {
    URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(InvalidKey::NotEd25519)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_jwk_has_no_private_half_and_is_found_in_its_set() {
        let key = SigningKey::from_seed("k1", &[1; 32]);
        let published = serde_json::json!({ "keys": [key.public_jwk()] });
        let set = KeySet::from_json(published.to_string().as_bytes()).unwrap();
        assert!(set.find("k1").is_some() && set.find("k2").is_none());
        assert_eq!(key.public_jwk().get("d"), None);
        assert_eq!(SigningKey::from_seed("k1", key.seed()).public_key(), key.public_key());
    }

    #[test]
    fn keys_that_cannot_sign_are_refused() {
        let public = SigningKey::from_seed("k", &[1; 32]).public_jwk().to_string();
        for json in ["", "[]", "{}", "[{}]", &public] {
            assert!(SigningKey::from_jwk(json).is_err(), "{json}");
        }
    }
}
