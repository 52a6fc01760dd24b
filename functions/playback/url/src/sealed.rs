//! The form that tokens and session grants share: `base64url(payload) "." base64url(signature)`, where the payload is
//! JSON and the signature is over the payload's text.

use crate::token::Refusal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Longer ones are refused before anything is decoded.
const MAX_BYTES: usize = 4096;

/// The text of a payload, signed by a computation that has taken in the secret.
pub(crate) fn seal(payload: &impl Serialize, mac: Hmac<Sha256>) -> String {
    // Strings and numbers: there is nothing in it that JSON cannot hold.
    let mut text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(payload).unwrap_or_default());
    let signature = mac.chain_update(text.as_bytes()).finalize().into_bytes();
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    text
}

/// A text taken apart, of which nothing is proven yet.
pub(crate) struct Sealed<'a> {
    signed: &'a str,
    json: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Sealed<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Refusal> {
        if text.len() > MAX_BYTES {
            return Err(Refusal::Malformed);
        }
        let decode = |part| URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed);
        let (signed, signature) = text.split_once('.').ok_or(Refusal::Malformed)?;
        Ok(Sealed { signed, json: decode(signed)?, signature: decode(signature)? })
    }

    /// What it says, to be believed once the signature is checked.
    pub(crate) fn read<P: Deserialize<'a>>(&'a self) -> Result<P, Refusal> {
        serde_json::from_slice(&self.json).map_err(|_| Refusal::Malformed)
    }

    /// Checks the signature, in constant time.
    pub(crate) fn check(&self, mac: Hmac<Sha256>) -> Result<(), Refusal> {
        let mac = mac.chain_update(self.signed.as_bytes());
        mac.verify_slice(&self.signature).map_err(|_| Refusal::Signature)
    }
}
