//! The public keys of passkeys: COSE_Keys (RFC 9053) of the algorithms that are asked for.

use crate::Refused;
use crate::authenticator_data::item;
use ciborium::Value;
use ed25519_dalek::VerifyingKey as Ed25519Key;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{DerSignature, VerifyingKey as P256Key};
use rsa::{BoxedUint, Pkcs1v15Sign, PublicKey as RsaKey};
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;

/// ECDSA on P-256 with SHA-256.
pub(crate) const ES256: i64 = -7;
/// Ed25519.
pub(crate) const EDDSA: i64 = -8;
/// RSA with PKCS #1 v1.5 and SHA-256, which authenticators in older TPMs know alone.
pub(crate) const RS256: i64 = -257;

/// Weaker keys, and keys that cost more to check, are refused.
const RSA_BITS: RangeInclusive<usize> = 2048..=4096;
const EXPONENT_MAX_BYTES: usize = 8;

// Labels and values of RFC 9052 section 7.1, RFC 9053 section 7, and RFC 8230 section 4.
const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;
const CURVE: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;
const OCTET_KEY_PAIR: i64 = 1;
const ELLIPTIC_CURVE: i64 = 2;
const P256: i64 = 1;
const ED25519: i64 = 6;
const RSA: i64 = 3;
const MODULUS: i64 = -1;
const EXPONENT: i64 = -2;

/// What SEC 1 section 2.3.3 puts before both coordinates.
const UNCOMPRESSED: u8 = 4;

/// A key that signatures are checked with.
pub(crate) enum PublicKey {
    Es256(P256Key),
    EdDsa(Ed25519Key),
    Rs256(Box<RsaKey>),
}

impl PublicKey {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        let unsupported = Refused::UnsupportedKey;
        let (key, rest) = item(bytes).map_err(|_| unsupported)?;
        let map = key.as_map().filter(|_| rest.is_empty()).ok_or(unsupported)?;
        let number = |label| at(map, label).and_then(integer);
        let octets = |label| at(map, label).and_then(Value::as_bytes).map(Vec::as_slice);
        let coordinate = |label| octets(label).and_then(|octets| octets.try_into().ok());
        match (number(KEY_TYPE), number(ALGORITHM), number(CURVE)) {
            (Some(ELLIPTIC_CURVE), Some(ES256), Some(P256)) => {
                let (x, y): (Option<[u8; 32]>, Option<[u8; 32]>) = (coordinate(X), coordinate(Y));
                let (x, y) = x.zip(y).ok_or(unsupported)?;
                let point = [&[UNCOMPRESSED][..], &x, &y].concat();
                // Refuses what is no point of the curve.
                P256Key::from_sec1_bytes(&point).map(PublicKey::Es256).map_err(|_| unsupported)
            }
            (Some(OCTET_KEY_PAIR), Some(EDDSA), Some(ED25519)) => {
                let x: [u8; 32] = coordinate(X).ok_or(unsupported)?;
                let key = Ed25519Key::from_bytes(&x).map_err(|_| unsupported)?;
                if key.is_weak() { Err(unsupported) } else { Ok(PublicKey::EdDsa(key)) }
            }
            (Some(RSA), Some(RS256), _) => {
                let (modulus, exponent) = octets(MODULUS).zip(octets(EXPONENT)).ok_or(unsupported)?;
                if modulus.len() * 8 > *RSA_BITS.end() || exponent.len() > EXPONENT_MAX_BYTES {
                    return Err(unsupported);
                }
                let [modulus, exponent] = [modulus, exponent].map(BoxedUint::from_be_slice_vartime);
                let key = RsaKey::new_with_size_limits(modulus, exponent, RSA_BITS);
                key.map(|key| PublicKey::Rs256(Box::new(key))).map_err(|_| unsupported)
            }
            _ => Err(unsupported),
        }
    }

    pub(crate) fn algorithm(&self) -> i64 {
        match self {
            PublicKey::Es256(_) => ES256,
            PublicKey::EdDsa(_) => EDDSA,
            PublicKey::Rs256(_) => RS256,
        }
    }

    /// Checks a signature in the form that WebAuthn has for the algorithm (section 6.5.5).
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Refused> {
        let is_right = match self {
            PublicKey::Es256(key) => DerSignature::from_bytes(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            PublicKey::EdDsa(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            PublicKey::Rs256(key) => {
                key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), signature).is_ok()
            }
        };
        if is_right { Ok(()) } else { Err(Refused::BadSignature) }
    }
}

/// The value of a label, unless it stands twice: then two readers could read two keys.
fn at(map: &[(Value, Value)], label: i64) -> Option<&Value> {
    let mut found = map.iter().filter(|(key, _)| integer(key) == Some(label));
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value)
}

pub(crate) fn integer(value: &Value) -> Option<i64> {
    value.as_integer().and_then(|integer| i64::try_from(integer).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoded;
    use crate::samples::{cbor, integer as number, map};

    const MESSAGE: &[u8] = b"what an authenticator signs";
    /// A key of 2048 bits, its signature of the message, and one of 1024 bits, all by another implementation.
    const KEY: &str = "quaEI7Us2z14dLBcsqUJK2NnhlWzK9Zx3StittAL9U0n3v7cT7c4CuS3sicumNEYmt6x0D_EwpYpnJ6N9gDanvQeaZ36c4iW7leA\
        jMUWednotlJWe_zGnSxc1AwUZfQ57OpjWn_iCdfXpgFhhbbx38xTyO2aLji3TdZzL9pRyOp-veDFJaC5w6gLgZ21JxwUegyecusH\
        XG1woaMQgsbWmdQfBfocdsjNYfjxMB4d9JqxccKbyFKZWoU8AS6AHLmxAf5bmNaBR6bxfX-e_5a026d-BT_7g6NgAppJJ3l-VFsD\
        TLoUfyophXPV7PX1M9WxmaGcjYVZJDJFdrmbzismZw";
    const SIGNATURE: &str = "euJjJTmtbF9PaECzKnHNCRYOyqzq7n4aAa1qgod20tD4TGETGrl-NcOCxgBwtL1XMJquRbFsIceZkUpeRroEI9Eln3d-4_bKd_nr\
        zldS7tYFFO7KidZwssREXC7_0lX8trN9bgsPCDgEKZpsU78iEieD7xyd6QWHAN8DqO3AO6czKDSAOL37sIBcBLHFEmedsoCAyQc8\
        0wleuT8sbLwnaHOjZ9sJ7_qqGHMYj_5ve4BdipI5th1rwJnju2yGX1AjheGwm61MPosAfIiqdr25aWaJDKHgMOzw_qgtn2Uqv5eu\
        ofh6fKT1wpFcnfsKulsvEvLpEROGNp25OrIXPkgk9w";
    const SHORT: &str = "2RiAlDMHOeHbonrUis1Cod7JnJ-02Fgyc8biln4NXmFAYxkrIcSvy1qutUjp02fxdcbSTjohwhDz_oMpz5WatbgZs2OSJ4Lm7YS-\
        XLBOgsmoAoe4PvMDTCK3j_uNqoSdRsqlKHkb5bdVZTt_APYkHWYgUuPPTeWJE0y6rUUNAH0";

    fn rsa(modulus: Vec<u8>, exponent: &[u8]) -> Result<PublicKey, Refused> {
        let members = [
            (number(KEY_TYPE), number(RSA)),
            (number(ALGORITHM), number(RS256)),
            (number(MODULUS), Value::Bytes(modulus)),
            (number(EXPONENT), Value::Bytes(exponent.to_vec())),
        ];
        PublicKey::parse(&cbor(&map(members)))
    }

    #[test]
    fn a_signature_of_rsa_is_checked() {
        let modulus = decoded(KEY, "").unwrap();
        let key = rsa(modulus.clone(), &[1, 0, 1]).unwrap();
        let signature = decoded(SIGNATURE, "").unwrap();
        assert_eq!((key.algorithm(), key.verify(MESSAGE, &signature)), (RS256, Ok(())));
        assert_eq!(key.verify(b"something else", &signature), Err(Refused::BadSignature));
        for place in [0, 100, 255] {
            let mut changed = signature.clone();
            changed[place] ^= 1;
            assert_eq!(key.verify(MESSAGE, &changed), Err(Refused::BadSignature), "{place}");
        }
        for wrong in [&[][..], &signature[1..], &[0; 256], &[&signature[..], &[0]].concat(), &modulus] {
            assert_eq!(key.verify(MESSAGE, wrong), Err(Refused::BadSignature));
        }
    }

    #[test]
    fn a_key_of_rsa_is_neither_weak_nor_costly() {
        let modulus = decoded(KEY, "").unwrap();
        for (what, modulus, exponent) in [
            ("short", decoded(SHORT, "").unwrap(), &[1, 0, 1][..]),
            ("long", vec![0xff; 513], &[1, 0, 1]),
            ("even", [&modulus[..255], &[0]].concat(), &[1, 0, 1]),
            ("nothing", Vec::new(), &[1, 0, 1]),
            ("without an exponent", modulus.clone(), &[]),
            ("the exponent 1", modulus.clone(), &[1]),
            ("an even exponent", modulus.clone(), &[4]),
            ("a long exponent", modulus.clone(), &[0xff; 8]),
            ("a longer exponent", modulus, &[0xff; 9]),
        ] {
            assert_eq!(rsa(modulus, exponent).err(), Some(Refused::UnsupportedKey), "{what}");
        }
    }
}
