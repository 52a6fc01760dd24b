//! Content keys: what segments are encrypted with. They are derived, so that the packager and whoever gives licences need to
//! share nothing but a seed, and no key is ever stored or sent.

use crate::key::Key;
use hmac::Mac;
use uuid::Uuid;

/// The bytes of an AES-128 key.
pub const CONTENT_KEY_BYTES: usize = 16;

/// The key of this id: the first bytes of `HMAC-SHA256(seed, key id)`, where the id is its 16 bytes.
#[must_use]
pub fn content_key(seed: &Key, key_id: Uuid) -> [u8; CONTENT_KEY_BYTES] {
    let hash = seed.mac().chain_update(key_id.as_bytes()).finalize().into_bytes();
    // It has 32 bytes.
    hash.first_chunk().copied().unwrap_or_default()
}

/// An id for the key of what has this name: always the same one, so that packaging it again leaves true what was told of it.
#[must_use]
pub fn key_id(seed: &Key, name: &str) -> Uuid {
    let hash = seed.mac().chain_update(name.as_bytes()).finalize().into_bytes();
    // The other half of the hash than that of a key.
    let bytes = hash.last_chunk().copied().unwrap_or_default();
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked out with another implementation: a packager elsewhere must come to the same.
    #[test]
    fn a_key_is_what_any_implementation_makes_of_seed_and_id() {
        let seed = Key::new("seed", b"0123456789abcdef0123456789abcdef").unwrap();
        let id = Uuid::from_bytes(*b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f");
        let key = content_key(&seed, id).map(|byte| format!("{byte:02x}")).concat();
        assert_eq!(key, "8e832f79b12634f0595cb176f678a4ab");
        assert_ne!(content_key(&seed, Uuid::from_u128(1)), content_key(&seed, Uuid::from_u128(2)));
        assert_eq!(key_id(&seed, "upload_1"), key_id(&seed, "upload_1"));
        assert_ne!(key_id(&seed, "upload_1"), key_id(&seed, "upload_2"));
    }
}
