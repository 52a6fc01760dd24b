//! `mcsp:bridge/signatures`: what the host does natively, and the bridge adapter inside stock Spin.

#[cfg(not(target_arch = "wasm32"))]
mod verified;

use ed25519_dalek::{Signature, VerifyingKey};
use p256::ecdsa::signature::Verifier;

/// Both coordinates of a point of P-256.
const P256_KEY_BYTES: usize = 64;

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

/// The same for ES256. A proof comes once, so nothing is remembered of it.
#[must_use]
pub fn verify_es256(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    if public_key.len() != P256_KEY_BYTES {
        return false;
    }
    // SEC 1, section 2.3.4: what follows are both coordinates.
    let point = [&[0x04], public_key].concat();
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point);
    let signature = p256::ecdsa::Signature::from_slice(signature);
    matches!((key, signature), (Ok(key), Ok(signature)) if key.verify(message, &signature).is_ok())
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

    /// RFC 7515, appendix A.3.
    #[test]
    fn an_es256_signature_of_the_rfc_is_right_and_every_change_is_not() {
        let key = [
            127, 205, 206, 39, 112, 246, 196, 93, 65, 131, 203, 238, 111, 219, 75, 123, 88, 7, 51, 53, 123,
            233, 239, 19, 186, 207, 110, 60, 123, 209, 84, 69, 199, 241, 68, 205, 27, 189, 155, 126, 135, 44,
            223, 237, 185, 238, 185, 244, 179, 105, 93, 110, 169, 11, 36, 173, 138, 70, 35, 40, 133, 136,
            229, 173,
        ];
        let signature = [
            14, 209, 33, 83, 121, 99, 108, 72, 60, 47, 127, 21, 88, 7, 212, 2, 163, 178, 40, 3, 58, 249, 124,
            126, 23, 129, 154, 195, 22, 158, 166, 101, 197, 10, 7, 211, 140, 60, 112, 229, 216, 241, 45, 175,
            8, 74, 84, 128, 166, 101, 144, 197, 242, 147, 80, 154, 143, 63, 127, 138, 131, 163, 84, 213,
        ];
        let message =
            b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl\
            LmNvbS9pc19yb290Ijp0cnVlfQ";
        assert!(verify_es256(&key, message, &signature));
        for at in 0..signature.len() {
            let mut changed = signature;
            changed[at] ^= 1;
            assert!(!verify_es256(&key, message, &changed), "byte {at}");
        }
        assert!(!verify_es256(&key, b"", &signature));
        assert!(!verify_es256(&[0; 64], message, &signature), "not on the curve");
        assert!(
            !verify_es256(&key[1..], message, &signature) && !verify_es256(&key, message, &signature[1..])
        );
        assert!(!verify_es256(&key, message, &[0; 64]) && !verify_es256(&[], &[], &[]));
    }
}
