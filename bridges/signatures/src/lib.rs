//! `mcsp:bridge/signatures`: what the host does natively, and the bridge adapter inside stock Spin.

#[cfg(not(target_arch = "wasm32"))]
mod verified;

use ed25519_dalek::{Signature, VerifyingKey};

/// Whether this is the message's signature, as `wit/signatures.wit` says.
#[must_use]
pub fn verify_ed25519(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(public_key), Ok(signature)) = (public_key.try_into(), signature.try_into()) else { return false };
    let is_right = || {
        let key = VerifyingKey::from_bytes(public_key);
        key.is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
    };
    // An instance keeps nothing of a request; the host may.
    #[cfg(target_arch = "wasm32")]
    return is_right();
    #[cfg(not(target_arch = "wasm32"))]
    verified::once(verified::check(public_key, message, signature), is_right)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, test 3.
    const PUBLIC_KEY: &str = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
    const MESSAGE: &str = "af82";
    const SIGNATURE: &str = "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
                             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a";

    fn octets(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn a_signature_of_the_rfc_is_right_and_every_change_is_not() {
        let (key, message, signature) = (octets(PUBLIC_KEY), octets(MESSAGE), octets(SIGNATURE));
        assert!(verify_ed25519(&key, &message, &signature));
        assert!(verify_ed25519(&key, &message, &signature), "what was right stays right");
        for at in 0..signature.len() {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            for _again in 0..2 {
                assert!(!verify_ed25519(&key, &message, &changed), "byte {at}");
            }
        }
        assert!(!verify_ed25519(&key, b"", &signature));
    }

    #[test]
    fn what_has_another_length_is_no_signature() {
        let (key, message, signature) = (octets(PUBLIC_KEY), octets(MESSAGE), octets(SIGNATURE));
        assert!(!verify_ed25519(&key[1..], &message, &signature));
        assert!(!verify_ed25519(&key, &message, &signature[1..]));
        assert!(!verify_ed25519(&[], &[], &[]));
    }

    #[test]
    fn a_key_of_small_order_signs_nothing() {
        // The neutral element as the key makes the zero scalar a signature of every message, without strictness.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!verify_ed25519(&neutral, b"anything", &signature));
    }
}
