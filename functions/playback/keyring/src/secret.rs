//! One key's secret, made, sealed and opened.

use crate::keys::Known;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcsp_function::Context;
use mcsp_playback_url::{InvalidKey, KeySecret};
use mcsp_rotation::KeyTimes;
use mcsp_seal::{SealingKeys, Unopened};
use playback_storage::signing_keys::StoredKey;
use zeroize::Zeroizing;

/// A key that can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableKey {
    /// It does not open.
    #[error("a signing key does not open")]
    Sealed(#[from] Unopened),
    /// What was sealed is no key.
    #[error("what was sealed is no signing key")]
    Invalid(#[from] InvalidKey),
    /// It is of the configuration, and not there any more.
    #[error("a signing key is not configured any more")]
    Missing,
}

/// Makes a key of fresh randomness: its id has 12 octets of it, its secret 32.
pub fn new_key(context: &Context, sealing: &SealingKeys, sequence: i64, times: KeyTimes) -> StoredKey {
    let [name @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = context.secret();
    let kid = URL_SAFE_NO_PAD.encode(name);
    let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(context.secret()));
    let sealed_secret = Some(sealing.seal(&place(&kid), &context.secret(), secret.as_bytes()));
    StoredKey { sequence, kid, sealed_secret, times }
}

/// A key's secret: the configuration's, or opened.
pub(crate) fn secret_of(
    known: &Known,
    configured: &[KeySecret],
    sealing: &SealingKeys,
) -> Result<KeySecret, UnusableKey> {
    if let Some(secret) = configured.iter().find(|secret| secret.id == known.kid) {
        return Ok(secret.clone());
    }
    let sealed = known.stored.as_ref().and_then(|stored| stored.sealed_secret.as_deref());
    let opened = sealing.open(&place(&known.kid), sealed.ok_or(UnusableKey::Missing)?)?;
    let secret = String::from_utf8(opened.to_vec()).map_err(|_| Unopened::Changed)?;
    let secret = KeySecret { id: known.kid.clone(), secret };
    secret.key()?;
    Ok(secret)
}

/// Where a key's secret opens.
fn place(kid: &str) -> String {
    format!("playback_key:{kid}")
}
