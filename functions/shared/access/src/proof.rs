//! Proofs that whoever sends a request has the key that a token is bound to (RFC 9449): a JWT for each request, signed
//! with a key that it brings along.

use crate::confirmation::thumbprint;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Uri;
use jiff::Timestamp;
use mcsp_bridge_api::signatures::{verify_ed25519, verify_es256};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::fmt;

/// The `typ` of a proof.
const PROOF_TYPE: &str = "dpop+jwt";
/// Longer than any proof is.
const PROOF_MAX_BYTES: usize = 4 * 1024;
/// How old a proof may be: it is made for one request, which may be on its way for a while, by a clock that may be slow.
const AGE_MAX_S: i64 = 60;
/// How far the clock of its maker may be ahead.
const AHEAD_MAX_S: i64 = 30;
/// The members of a JWK that are nobody else's business (RFC 7518 section 6).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The algorithms that proofs may be signed with, by the names that metadata and challenges have for them.
pub const PROOF_ALGORITHMS: [&str; 2] = ["ES256", "EdDSA"];

/// The request that a proof comes with.
#[derive(Clone, Copy, Debug)]
pub struct ProvedRequest<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its address, as its client knows it.
    pub uri: &'a str,
    /// The access token in it, where it is for a resource.
    pub token: Option<&'a str>,
}

/// A proof that is right. Whether it comes for the first time is for others to say, by its [`name`](Self::name).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    thumbprint: String,
    id: String,
}

/// Why a proof is none (RFC 9449 section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidProof {
    /// A bound token came without one.
    Missing,
    /// There are several.
    Repeated,
    /// Not a JWT, or with claims missing.
    Malformed,
    /// Another kind of token.
    WrongType,
    /// Not one of [`PROOF_ALGORITHMS`].
    WrongAlgorithm,
    /// No key, one that does not fit the algorithm, or a private one.
    UnusableKey,
    /// The signature does not fit.
    BadSignature,
    /// For another method or address.
    OtherRequest,
    /// Too old, or from the future.
    Untimely,
    /// For another access token.
    OtherToken,
    /// By another key than the one that the token is bound to.
    OtherKey,
    /// It came before.
    Replayed,
}

impl InvalidProof {
    /// For who reads an error.
    pub const fn as_str(self) -> &'static str {
        match self {
            InvalidProof::Missing => "the token is bound to a key: it needs a proof",
            InvalidProof::Repeated => "there is more than one proof",
            InvalidProof::Malformed => "the proof is malformed",
            InvalidProof::WrongType => "the proof is of another type",
            InvalidProof::WrongAlgorithm => "the proof is not signed with ES256 or EdDSA",
            InvalidProof::UnusableKey => "the key of the proof cannot be used",
            InvalidProof::BadSignature => "the signature of the proof is wrong",
            InvalidProof::OtherRequest => "the proof is of another method or address",
            InvalidProof::Untimely => "the proof is too old, or from the future",
            InvalidProof::OtherToken => "the proof is of another access token",
            InvalidProof::OtherKey => "the proof is of another key than the token",
            InvalidProof::Replayed => "the proof was used before",
        }
    }
}

impl fmt::Display for InvalidProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The header. Unlike that of our own tokens it brings the key: a proof says that its maker has a key, not who that is.
#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Map<String, Value>,
    /// What must be understood, and is not.
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    /// A NumericDate, which may have fractions.
    iat: f64,
    ath: Option<String>,
}

/// A key of one of the kinds that sign proofs.
enum Key {
    P256 { x: [u8; 32], y: [u8; 32] },
    Ed25519 { x: [u8; 32] },
}

impl Proof {
    /// Checks all of section 4.3 that the proof and the request tell. Nonces are not asked for.
    pub fn check(text: &str, of: ProvedRequest<'_>, now: Timestamp) -> Result<Proof, InvalidProof> {
        if text.len() > PROOF_MAX_BYTES {
            return Err(InvalidProof::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(InvalidProof::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(InvalidProof::Malformed)?;
        let header: Header = json(header)?;
        if header.typ != PROOF_TYPE {
            return Err(InvalidProof::WrongType);
        }
        if header.crit.is_some() {
            return Err(InvalidProof::Malformed);
        }
        let key = Key::of(&header.alg, &header.jwk)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| InvalidProof::Malformed)?;
        let claims: Claims = json(claims)?;
        if !key.has_signed(signed.as_bytes(), &signature) {
            return Err(InvalidProof::BadSignature);
        }
        claims.check(of, now)?;
        Ok(Proof { thumbprint: key.thumbprint(), id: claims.jti })
    }

    /// Which key it is of (RFC 7638).
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// What no other proof is called, for whoever sees to it that it is used once.
    pub fn name(&self) -> String {
        // A thumbprint is always as long.
        URL_SAFE_NO_PAD.encode(Sha256::new().chain_update(&self.thumbprint).chain_update(&self.id).finalize())
    }
}

impl Claims {
    fn check(&self, of: ProvedRequest<'_>, now: Timestamp) -> Result<(), InvalidProof> {
        if self.jti.is_empty() {
            return Err(InvalidProof::Malformed);
        }
        if self.htm != of.method || !is_same_place(&self.htu, of.uri) {
            return Err(InvalidProof::OtherRequest);
        }
        let age_s = now.as_millisecond() as f64 / 1000.0 - self.iat;
        if !(-AHEAD_MAX_S as f64..=AGE_MAX_S as f64).contains(&age_s) {
            return Err(InvalidProof::Untimely);
        }
        let digest = of.token.map(|token| URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
        if digest.is_some() && self.ath != digest {
            return Err(InvalidProof::OtherToken);
        }
        Ok(())
    }
}

impl Key {
    fn of(algorithm: &str, jwk: &Map<String, Value>) -> Result<Key, InvalidProof> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let octets = |name: &str| {
            let octets = URL_SAFE_NO_PAD.decode(text(name)?).ok()?;
            <[u8; 32]>::try_from(octets).ok()
        };
        let key = match algorithm {
            "ES256" if (text("kty"), text("crv")) == (Some("EC"), Some("P-256")) => {
                octets("x").zip(octets("y")).map(|(x, y)| Key::P256 { x, y })
            }
            "EdDSA" if (text("kty"), text("crv")) == (Some("OKP"), Some("Ed25519")) => {
                octets("x").map(|x| Key::Ed25519 { x })
            }
            "ES256" | "EdDSA" => None,
            _ => return Err(InvalidProof::WrongAlgorithm),
        };
        let is_public = PRIVATE_MEMBERS.iter().all(|name| !jwk.contains_key(*name));
        key.filter(|_| is_public).ok_or(InvalidProof::UnusableKey)
    }

    fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Key::P256 { x, y } => verify_es256(&[*x, *y].concat(), message, signature),
            Key::Ed25519 { x } => verify_ed25519(x, message, signature),
        }
    }

    fn thumbprint(&self) -> String {
        match self {
            Key::P256 { x, y } => thumbprint(&[
                ("crv", "P-256"),
                ("kty", "EC"),
                ("x", &URL_SAFE_NO_PAD.encode(x)),
                ("y", &URL_SAFE_NO_PAD.encode(y)),
            ]),
            Key::Ed25519 { x } => {
                thumbprint(&[("crv", "Ed25519"), ("kty", "OKP"), ("x", &URL_SAFE_NO_PAD.encode(x))])
            }
        }
    }
}

fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, InvalidProof> {
    let octets = URL_SAFE_NO_PAD.decode(part).map_err(|_| InvalidProof::Malformed)?;
    serde_json::from_slice(&octets).map_err(|_| InvalidProof::Malformed)
}

/// Whether two addresses are the same but for query and fragment, after normalization (RFC 3986 sections 6.2.2 and 6.2.3).
/// Paths are compared as they stand: ours have nothing in them that could be written in two ways.
fn is_same_place(left: &str, right: &str) -> bool {
    let place = |text: &str| {
        let uri: Uri = text.parse().ok()?;
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let port = match (uri.port_u16(), scheme.as_str()) {
            (Some(port), _) => port,
            (None, "https") => 443,
            (None, "http") => 80,
            (None, _) => return None,
        };
        let is_plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        is_plain.then(|| (scheme, uri.host().map(str::to_ascii_lowercase), port, uri.path().to_owned()))
    };
    place(left).is_some_and(|left| Some(left) == place(right))
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
