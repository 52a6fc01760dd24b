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

    /// The public half, as a JWK for the published set.
    pub fn public_jwk(&self) -> serde_json::Value {
        serde_json::json!({
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.id,
            "x": URL_SAFE_NO_PAD.encode(self.key.verifying_key().as_bytes()),
        })
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

/// All keys of an issuer: the current one signs, every one is published. During a rotation the next key stands
/// here before it signs, and the previous one until its last token has expired.
#[derive(Debug)]
pub struct SigningKeys {
    current: SigningKey,
    others: Vec<SigningKey>,
}

impl SigningKeys {
    /// Reads a JSON array of private JWKs, the current one first.
    pub fn from_json(json: &str) -> Result<Self, InvalidKey> {
        let jwks: Vec<serde_json::Value> = serde_json::from_str(json).map_err(|_| InvalidKey::NotAJwk)?;
        let mut keys = jwks.iter().map(|jwk| SigningKey::from_jwk(&jwk.to_string()));
        let current = keys.next().ok_or(InvalidKey::NotAJwk)??;
        Ok(SigningKeys { current, others: keys.collect::<Result<_, _>>()? })
    }

    /// The key that signs.
    pub fn current(&self) -> &SigningKey {
        &self.current
    }

    /// The JWK Set to be published (RFC 7517 section 5): public halves only.
    pub fn public_set(&self) -> serde_json::Value {
        let keys: Vec<_> =
            std::iter::once(&self.current).chain(&self.others).map(SigningKey::public_jwk).collect();
        serde_json::json!({ "keys": keys })
    }
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

    fn private_jwks(ids: &[&str]) -> String {
        let jwks: Vec<_> =
            (1..).zip(ids).map(|(n, id)| SigningKey::from_seed(*id, &[n; 32]).private_jwk()).collect();
        serde_json::json!(jwks).to_string()
    }

    #[test]
    fn the_first_key_signs_and_all_are_published_without_their_private_halves() {
        let keys = SigningKeys::from_json(&private_jwks(&["new", "old"])).unwrap();
        assert_eq!(keys.current().id(), "new");
        let published = keys.public_set();
        let set = KeySet::from_json(published.to_string().as_bytes()).unwrap();
        assert!(set.find("new").is_some() && set.find("old").is_some());
        assert!(published["keys"].as_array().unwrap().iter().all(|jwk| jwk.get("d").is_none()));
    }

    #[test]
    fn keys_that_cannot_sign_are_refused() {
        let public = serde_json::json!([SigningKey::from_seed("k", &[1; 32]).public_jwk()]).to_string();
        for json in ["", "[]", "{}", "[{}]", &public] {
            assert!(SigningKeys::from_json(json).is_err(), "{json}");
        }
    }
}
