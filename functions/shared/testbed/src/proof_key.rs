//! A client's key, and proofs of it (RFC 9449).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A key of a client, for ES256.
pub struct ProofKey(SigningKey);

impl ProofKey {
    /// Another one each time.
    pub fn generate() -> Self {
        let octets = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
        ProofKey(SigningKey::from_slice(&octets).unwrap())
    }

    /// The thumbprint: the `cnf.jkt` of a token that is bound to it.
    pub fn thumbprint(&self) -> String {
        let (x, y) = self.coordinates();
        let jwk = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        URL_SAFE_NO_PAD.encode(Sha256::digest(jwk))
    }

    /// A `dpop` header: a new proof of a request, and of the access token that comes with it.
    pub fn proof(&self, (method, uri): (&str, &str), token: Option<&str>, now: Timestamp) -> String {
        let ath = token.map(|token| URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
        self.sign(&json!({
            "jti": Uuid::new_v4().to_string(), "htm": method, "htu": uri, "iat": now.as_second(), "ath": ath,
        }))
    }

    /// A proof that says anything.
    pub fn sign(&self, claims: &Value) -> String {
        let (x, y) = self.coordinates();
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y});
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk});
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature: Signature = self.0.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    fn coordinates(&self) -> (String, String) {
        let point = self.0.verifying_key().to_sec1_point(false);
        // One that says that both are there.
        let (_, coordinates) = point.as_bytes().split_at(1);
        let (x, y) = coordinates.split_at(32);
        (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y))
    }
}
