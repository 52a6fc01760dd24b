//! The secret of the service.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

const SECRET_MIN_BYTES: usize = 32;

/// What refresh tokens and the tokens of forms are derived with. `Debug` does not show it.
pub struct Secret(Hmac<Sha256>);

impl Secret {
    /// Takes at least 32 bytes, in base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() >= SECRET_MIN_BYTES)?;
        Hmac::new_from_slice(&bytes).ok().map(Secret)
    }

    /// A MAC over a message. One of another purpose is another, whatever the message.
    pub fn mac(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        let mac = self.0.clone().chain_update(purpose).chain_update([0]).chain_update(message);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_at_least_256_bits() {
        assert!(Secret::parse(&URL_SAFE_NO_PAD.encode([7; 32])).is_some());
        for text in ["", "short", &URL_SAFE_NO_PAD.encode([7; 31]), "not base64!"] {
            assert!(Secret::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_mac_for_one_purpose_is_none_for_another() {
        let secret = Secret::parse(&URL_SAFE_NO_PAD.encode([7; 32])).unwrap();
        assert_eq!(secret.mac("a", b"bc"), secret.mac("a", b"bc"));
        assert_ne!(secret.mac("a", b"bc"), secret.mac("ab", b"c"));
        assert_ne!(secret.mac("a", b"bc"), secret.mac("a", b"bd"));
    }
}
