//! One key, sealed and opened.

use auth_storage::signing_keys::StoredKey;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcsp_access::SigningKey;
use mcsp_function::Context;
use mcsp_rotation::KeyTimes;
use mcsp_seal::{SealingKeys, Unopened};
use sha2::{Digest, Sha256};

/// How much of a public key's digest names it.
const KID_BYTES: usize = 12;

/// A stored key that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableKey {
    /// It does not open.
    #[error("a signing key does not open")]
    Sealed(#[from] Unopened),
    /// Its halves do not belong together.
    #[error("the halves of a signing key do not belong together")]
    Inconsistent,
    /// There is none.
    #[error("there is no signing key")]
    Missing,
}

/// Makes a key of fresh randomness.
pub fn new_key(context: &Context, sealing: &SealingKeys, sequence: i64, times: KeyTimes) -> StoredKey {
    let seed = context.secret();
    let public_key = SigningKey::from_seed("", &seed).public_key();
    let digest = Sha256::digest(public_key);
    let kid = URL_SAFE_NO_PAD.encode(digest.get(..KID_BYTES).unwrap_or(&digest));
    seal(context, sealing, SigningKey::from_seed(kid, &seed), sequence, times)
}

/// Seals a key for its row.
pub(crate) fn seal(
    context: &Context,
    sealing: &SealingKeys,
    key: SigningKey,
    sequence: i64,
    times: KeyTimes,
) -> StoredKey {
    let sealed_private_key = sealing.seal(&place(key.id()), &context.secret(), key.seed());
    let (kid, public_key) = (key.id().to_owned(), key.public_key());
    StoredKey { sequence, kid, public_key, sealed_private_key, times }
}

/// Opens a row's key.
pub(crate) fn open(sealing: &SealingKeys, stored: &StoredKey) -> Result<SigningKey, UnusableKey> {
    let seed = sealing.open(&place(&stored.kid), &stored.sealed_private_key)?;
    let seed = seed.as_slice().try_into().map_err(|_| UnusableKey::Inconsistent)?;
    let key = SigningKey::from_seed(stored.kid.as_str(), seed);
    if key.public_key() == stored.public_key { Ok(key) } else { Err(UnusableKey::Inconsistent) }
}

/// Where the private half of a key opens.
fn place(kid: &str) -> String {
    format!("signing_key:{kid}")
}
