//! Secrets that must be read again, such as private keys: stored encrypted (XChaCha20-Poly1305), with a key that
//! does not stand in the database. Pure: randomness is the caller's.
//!
//! What only has to be recognized again, such as a client's secret, is hashed instead.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
/// How many octets of a key's digest tell which key it is.
const KEY_ID_BYTES: usize = 4;
/// Random nonces of this length do not meet.
const NONCE_BYTES: usize = 24;

/// The sealing keys: the first seals, all open. To replace one, put the new one before it; the old one goes when
/// nothing that it sealed is left.
#[derive(Clone)]
pub struct SealingKeys {
    first: Key,
    others: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: [u8; KEY_ID_BYTES],
    cipher: XChaCha20Poly1305,
}

/// Not a JSON array of at least one key of 32 octets in base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON array of sealing keys of 32 octets in base64url")]
pub struct InvalidKeys;

/// Why a sealed secret can't be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    /// It was sealed with a key that is not configured any more.
    #[error("the key that sealed it is not among the sealing keys")]
    UnknownKey,
    /// It was changed, or belongs somewhere else.
    #[error("it is not what was sealed here")]
    Changed,
}

impl SealingKeys {
    /// Reads a JSON array of keys, the one that seals first.
    pub fn from_json(json: &str) -> Result<Self, InvalidKeys> {
        let texts: Vec<Zeroizing<String>> = serde_json::from_str::<Vec<String>>(json)
            .map_err(|_| InvalidKeys)?
            .into_iter()
            .map(Zeroizing::new)
            .collect();
        let mut keys = texts.iter().map(|text| Key::parse(text));
        let first = keys.next().ok_or(InvalidKeys)??;
        Ok(SealingKeys { first, others: keys.collect::<Result<_, _>>()? })
    }

    /// Seals a secret for one place, such as `signing_key:<kid>`: it opens nowhere else. The random octets are used
    /// for nothing else.
    pub fn seal(&self, place: &str, random: &[u8; 32], secret: &[u8]) -> Vec<u8> {
        let [nonce @ .., _, _, _, _, _, _, _, _] = random;
        let payload = Payload { msg: secret, aad: place.as_bytes() };
        // It fails for secrets of more than 256 GiB only; what is empty then opens nowhere.
        let sealed = self.first.cipher.encrypt(&XNonce::from(*nonce), payload).unwrap_or_default();
        [&self.first.id[..], nonce, &sealed].concat()
    }

    /// Opens what was sealed for that place.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let (id, rest) = sealed.split_first_chunk::<KEY_ID_BYTES>().ok_or(Unopened::Changed)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(Unopened::Changed)?;
        let mut keys = std::iter::once(&self.first).chain(&self.others);
        let key = keys.find(|key| key.id == *id).ok_or(Unopened::UnknownKey)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        let opened = key.cipher.decrypt(&XNonce::from(*nonce), payload);
        opened.map(Zeroizing::new).map_err(|_| Unopened::Changed)
    }
}

impl Key {
    fn parse(text: &str) -> Result<Key, InvalidKeys> {
        let octets = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidKeys)?);
        let key: &[u8; KEY_BYTES] = octets.as_slice().try_into().map_err(|_| InvalidKeys)?;
        let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(key));
        Ok(Key { id: [a, b, c, d], cipher: XChaCha20Poly1305::new(key.into()) })
    }
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKeys(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(octets: &[u8]) -> SealingKeys {
        let texts: Vec<_> = octets.iter().map(|octet| URL_SAFE_NO_PAD.encode([*octet; KEY_BYTES])).collect();
        SealingKeys::from_json(&serde_json::json!(texts).to_string()).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_in_its_place_and_nowhere_else() {
        let sealed = keys(&[1]).seal("totp:a", &[9; 32], b"secret");
        assert_eq!(keys(&[1]).open("totp:a", &sealed).unwrap().as_slice(), b"secret");
        assert_eq!(keys(&[1]).open("totp:b", &sealed).unwrap_err(), Unopened::Changed);
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
    }

    #[test]
    fn a_new_key_seals_while_the_old_one_opens() {
        let sealed = keys(&[1]).seal("p", &[9; 32], b"old");
        assert_eq!(keys(&[2, 1]).open("p", &sealed).unwrap().as_slice(), b"old");
        let sealed = keys(&[2, 1]).seal("p", &[9; 32], b"new");
        assert_eq!(keys(&[2]).open("p", &sealed).unwrap().as_slice(), b"new");
        assert_eq!(keys(&[1]).open("p", &sealed).unwrap_err(), Unopened::UnknownKey);
    }

    #[test]
    fn no_changed_octet_opens() {
        let sealed = keys(&[1]).seal("p", &[9; 32], b"secret");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(keys(&[1]).open("p", &changed).is_err(), "octet {at}");
            assert!(keys(&[1]).open("p", &sealed[..at]).is_err(), "{at} octets");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for json in ["", "[]", "{}", "[\"\"]", "[1]", "[\"AAAA\"]"] {
            assert!(SealingKeys::from_json(json).is_err(), "{json}");
        }
        assert_eq!(format!("{:?}", keys(&[1])), "SealingKeys(…)");
    }
}
