//! The ring of keys, as the configuration holds it and as the edge is given it.

use crate::key::{InvalidKey, Key};
use serde::{Deserialize, Serialize};
use std::fmt;

/// More than these are never in use at once: the current key, and those whose last token has not expired.
const MAX_KEYS: usize = 16;

/// A key with its secret, whose bytes are those of its text. Not for logs: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySecret {
    /// What tokens name it by.
    pub id: String,
    /// At least 32 bytes.
    pub secret: String,
}

/// Why a ring cannot be used. Says nothing of what was in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRing {
    /// Not a JSON array of `{"id", "secret"}`.
    #[error("a key ring must be a JSON array of objects with `id` and `secret`")]
    Malformed,
    /// Without a key there is nothing to sign with.
    #[error("a key ring must have 1 to 16 keys")]
    Size,
    /// One of the keys.
    #[error("a key of the ring cannot be used")]
    Key(#[source] InvalidKey),
}

impl KeySecret {
    /// The key, to sign and verify with.
    ///
    /// # Errors
    /// An unusable id or a short secret.
    pub fn key(&self) -> Result<Key, InvalidKey> {
        Key::new(self.id.as_str(), self.secret.as_bytes())
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeySecret").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Reads `[{"id": "…", "secret": "…"}, …]`: the first key signs, all of them verify.
///
/// # Errors
/// Why the ring cannot be used.
pub fn ring_from_json(json: &str) -> Result<Vec<Key>, InvalidRing> {
    secrets_from_json(json)?.iter().map(|secret| secret.key().map_err(InvalidRing::Key)).collect()
}

/// The same with the secrets. Each of them is a key.
///
/// # Errors
/// Why the ring cannot be used.
pub fn secrets_from_json(json: &str) -> Result<Vec<KeySecret>, InvalidRing> {
    let secrets: Vec<KeySecret> = serde_json::from_str(json).map_err(|_| InvalidRing::Malformed)?;
    if secrets.is_empty() || secrets.len() > MAX_KEYS {
        return Err(InvalidRing::Size);
    }
    match secrets.iter().find_map(|secret| secret.key().err()) {
        Some(error) => Err(InvalidRing::Key(error)),
        None => Ok(secrets),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order() {
        let ring =
            format!(r#"[{{"id":"new","secret":"{0}"}},{{"id":"old","secret":"{0}"}}]"#, "s".repeat(32));
        let ids: Vec<String> = ring_from_json(&ring).unwrap().iter().map(|key| key.id().to_owned()).collect();
        assert_eq!(ids, ["new", "old"]);
    }

    #[test]
    fn a_ring_that_cannot_sign_is_refused() {
        let refused = |json: &str| ring_from_json(json).map(|keys| keys.len());
        assert_eq!(refused("[]"), Err(InvalidRing::Size));
        assert_eq!(refused("{}"), Err(InvalidRing::Malformed));
        let short = r#"[{"id":"k1","secret":"short"}]"#;
        assert_eq!(refused(short), Err(InvalidRing::Key(InvalidKey::ShortSecret)));
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = KeySecret { id: "k1".to_owned(), secret: "do not show this".to_owned() };
        assert!(!format!("{secret:?}").contains("show this"));
    }
}
