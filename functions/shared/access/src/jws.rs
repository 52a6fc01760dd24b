//! JWS compact serialization (RFC 7515), with one algorithm and one type of token.

use crate::claims::Refusal;
use crate::keys::{KeySet, SigningKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcsp_bridge_api::signatures::verify_ed25519;
use serde::{Deserialize, Serialize};

/// No token of ours is longer; what is, is refused before it is decoded.
const TOKEN_MAX_BYTES: usize = 8 * 1024;

const SIGNATURE_BYTES: usize = 64;

/// The header. A field that is not listed here (`jku`, `jwk`, `x5u`, `crit`, …) makes the token invalid:
/// none of them may choose the key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: &'a str,
}

/// Signs a payload as `typ`.
pub(crate) fn sign(key: &SigningKey, typ: &str, payload: &[u8]) -> String {
    let header = Header { alg: "EdDSA", typ, kid: key.id() };
    // Three strings: serialization has nothing to fail at.
    let header = serde_json::to_vec(&header).unwrap_or_default();
    let mut token = URL_SAFE_NO_PAD.encode(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let signature = key.sign(token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// Gives the payload of a token of type `typ` that one of the keys signed.
pub(crate) fn verify(token: &str, typ: &str, keys: &KeySet) -> Result<Vec<u8>, Refusal> {
    if token.len() > TOKEN_MAX_BYTES {
        return Err(Refusal::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(Refusal::Malformed)?;
    let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| Refusal::Malformed)?;
    let header: Header<'_> = serde_json::from_slice(&header).map_err(|_| Refusal::Malformed)?;
    if header.alg != "EdDSA" || header.typ != typ {
        return Err(Refusal::WrongType);
    }
    let key = keys.find(header.kid).ok_or(Refusal::UnknownKey)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refusal::Malformed)?;
    if signature.len() != SIGNATURE_BYTES {
        return Err(Refusal::Malformed);
    }
    if !verify_ed25519(key.as_bytes(), signed.as_bytes(), &signature) {
        return Err(Refusal::BadSignature);
    }
    URL_SAFE_NO_PAD.decode(payload).map_err(|_| Refusal::Malformed)
}
