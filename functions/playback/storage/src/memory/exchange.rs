//! Steps and outcomes.

use crate::StoreError;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::memory::{Condition, Deposit, Entry, Outcome, Step};

pub(crate) fn keep(key: String, value: Vec<u8>, ttl_ms: Option<u32>, condition: Condition) -> Step {
    Step::Keep(Deposit { key, value, ttl_ms, condition })
}

/// The condition of a change: that what was seen is still so.
pub(crate) fn as_seen(version: Option<u64>) -> Condition {
    version.map_or(Condition::Absent, Condition::Unchanged)
}

/// Takes one step that looks.
pub(crate) async fn look(bridge: &dyn Bridge, step: Step) -> Result<Vec<Entry>, StoreError> {
    match bridge.exchange(vec![step]).await?.pop() {
        Some(Outcome::Entries(entries)) => Ok(entries),
        Some(Outcome::Done(_)) | None => Err(StoreError::Unreadable("memory")),
    }
}

/// Finds one key's value.
pub(crate) async fn recall(bridge: &dyn Bridge, key: String) -> Result<Option<Entry>, StoreError> {
    Ok(look(bridge, Step::Recall(key)).await?.pop())
}

/// What a step found of one key.
pub(crate) fn entry(outcome: Outcome) -> Option<Entry> {
    match outcome {
        Outcome::Entries(mut entries) => entries.pop(),
        Outcome::Done(_) => None,
    }
}

/// Takes one step that changes something, and says whether it did.
pub(crate) async fn change(bridge: &dyn Bridge, step: Step) -> Result<bool, StoreError> {
    match bridge.exchange(vec![step]).await?.pop() {
        Some(Outcome::Done(done)) => Ok(done),
        Some(Outcome::Entries(_)) | None => Err(StoreError::Unreadable("memory")),
    }
}
