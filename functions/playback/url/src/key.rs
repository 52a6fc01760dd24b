//! A signing key with its id.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// The shortest secret: as long as the hash it is used with.
pub const MIN_SECRET_BYTES: usize = 32;
const MAX_ID_BYTES: usize = 64;

/// An HMAC-SHA256 key. Its secret is never shown.
#[derive(Clone)]
pub struct Key {
    id: String,
    mac: Hmac<Sha256>,
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// The id is empty or too long.
    #[error("a key id must have 1 to 64 bytes")]
    Id,
    /// The secret can be guessed.
    #[error("a signing secret must have at least 32 bytes")]
    ShortSecret,
}

impl Key {
    /// A key with the id that tokens name it by.
    ///
    /// # Errors
    /// An unusable id or a short secret.
    pub fn new(id: impl Into<String>, secret: &[u8]) -> Result<Self, InvalidKey> {
        let id = id.into();
        if id.is_empty() || id.len() > MAX_ID_BYTES {
            return Err(InvalidKey::Id);
        }
        if secret.len() < MIN_SECRET_BYTES {
            return Err(InvalidKey::ShortSecret);
        }
        let mac = Hmac::new_from_slice(secret).map_err(|_| InvalidKey::ShortSecret)?;
        Ok(Self { id, mac })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A computation that has taken in the secret already.
    pub(crate) fn mac(&self) -> Hmac<Sha256> {
        self.mac.clone()
    }

    /// The same for what is signed under a word of its own, so that it is taken for nothing else.
    pub(crate) fn mac_under(&self, word: &[u8]) -> Hmac<Sha256> {
        self.mac().chain_update(word)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A key for tests, whose secret is a letter again and again.
#[cfg(test)]
pub(crate) fn test_key(id: &str, letter: &str) -> Key {
    Key::new(id, letter.repeat(MIN_SECRET_BYTES).as_bytes()).unwrap()
}
