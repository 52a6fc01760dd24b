//! The copy of the keys that sign playback URLs: sealed, as Postgres has them.

use super::CopyOf;
use super::exchange::{change, keep, recall};
use super::keys;
use crate::StoreError;
use crate::signing_keys::StoredKey;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::memory::Condition;

/// As long as what a key has signed is good: whoever cannot ask for so long knows no key that others still believe.
const KEYS_TTL_MS: u32 = 24 * 60 * 60 * 1000;

/// What is remembered of the keys, where anything is.
pub async fn signing_keys(bridge: &dyn Bridge) -> Result<Option<CopyOf<Vec<StoredKey>>>, StoreError> {
    let Some(entry) = recall(bridge, keys::signing_keys()).await? else { return Ok(None) };
    // A copy of another form is of another version of this code: it counts as none.
    let known = serde_json::from_slice(&entry.value).ok();
    Ok(known.map(|known| CopyOf { known, age_ms: entry.age_ms }))
}

/// Remembers the keys that Postgres has.
pub async fn keep_signing_keys(bridge: &dyn Bridge, stored: &[StoredKey]) -> Result<(), StoreError> {
    // Numbers, texts and times: serialization has nothing to fail at.
    let value = serde_json::to_vec(stored).unwrap_or_default();
    change(bridge, keep(keys::signing_keys(), value, Some(KEYS_TTL_MS), Condition::Always)).await.map(drop)
}
