//! The ring of keys, as the configuration holds it.

use crate::key::{InvalidKey, Key};
use serde::Deserialize;

/// More than these are never in use at once: the current key, and those whose last token has not expired.
const MAX_KEYS: usize = 16;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    secret: String,
}

/// Reads `[{"id": "…", "secret": "…"}, …]`: the first key signs, all of them verify. The secret's bytes are
/// those of its text.
///
/// # Errors
/// Why the ring cannot be used.
pub fn ring_from_json(json: &str) -> Result<Vec<Key>, InvalidRing> {
    let entries: Vec<Entry> = serde_json::from_str(json).map_err(|_| InvalidRing::Malformed)?;
    if entries.is_empty() || entries.len() > MAX_KEYS {
        return Err(InvalidRing::Size);
    }
    entries
        .into_iter()
        .map(|Entry { id, secret }| Key::new(id, secret.as_bytes()).map_err(InvalidRing::Key))
        .collect()
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
}
