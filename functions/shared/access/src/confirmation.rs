//! What a token is bound to (RFC 7800).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The key that a token is bound to: it is of no use without a proof of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Confirmation {
    /// The SHA-256 thumbprint of the key (RFC 9449, section 6).
    #[schemars(example = &"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")]
    pub jkt: String,
}

/// How an access token is to be sent, which may be bound to a key: its `token_type` (RFC 6750, RFC 9449 section 5).
pub fn token_type(key: Option<&Confirmation>) -> &'static str {
    key.map_or("Bearer", |_| "DPoP")
}

/// The thumbprint of a key (RFC 7638): of its required members in their order, which have nothing to escape.
pub(crate) fn thumbprint(members: &[(&str, &str)]) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{{{}}}", members.join(","))))
}

/// Whether a text can be a thumbprint.
pub fn is_thumbprint(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|octets| octets.len() == 32)
}
