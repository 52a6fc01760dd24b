//! Who has asked how much: a table of fixed size, whose rows have locks of their own.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

/// Keys that share a row, and a lock.
const KEYS_PER_ROW: usize = 8;

#[derive(Clone, Copy, Default)]
struct Slot {
    /// The key's whole digest.
    digest: u64,
    /// When its bucket is full again. Once that has passed, the slot says nothing any more.
    full_at_ns: u64,
}

#[derive(Default)]
struct Row([Slot; KEYS_PER_ROW]);

/// Keys are kept as digests under a secret of the process: nobody can choose keys that meet in a row, and two
/// that share a digest are less likely than a broken machine.
pub(crate) struct Table {
    rows: Box<[Mutex<Row>]>,
    hasher: RandomState,
}

/// What became of a change.
pub(crate) struct Changed<T> {
    pub result: T,
    /// Whether another key had to be forgotten before its bucket was full.
    pub evicted: bool,
}

impl Table {
    /// Room for so many keys at least.
    pub(crate) fn new(keys: usize) -> Self {
        let rows = keys.div_ceil(KEYS_PER_ROW).next_power_of_two();
        Table {
            rows: std::iter::repeat_with(Mutex::default).take(rows).collect(),
            hasher: RandomState::new(),
        }
    }

    /// Changes a key's time: `change` gets it, or 0 for a key that is not there, and gives the new one.
    pub(crate) fn change<T>(
        &self,
        key: impl Hash,
        now_ns: u64,
        change: impl FnOnce(u64) -> (u64, T),
    ) -> Changed<T> {
        // 0 is the digest of an empty slot.
        let digest = self.hasher.hash_one(key).max(1);
        let at = usize::try_from(digest).unwrap_or_default() & (self.rows.len() - 1);
        // The mask keeps it within the rows, of which there is always one.
        #[expect(clippy::indexing_slicing, reason = "the line above")]
        let mut row = self.rows[at].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = row.0.iter_mut().find(|slot| slot.digest == digest) {
            let (full_at_ns, result) = change(slot.full_at_ns);
            slot.full_at_ns = full_at_ns;
            return Changed { result, evicted: false };
        }
        let (full_at_ns, result) = change(0);
        // Whoever has asked the least loses the least by being forgotten.
        let Some(slot) = row.0.iter_mut().min_by_key(|slot| slot.full_at_ns) else {
            return Changed { result, evicted: false };
        };
        let evicted = slot.full_at_ns > now_ns;
        *slot = Slot { digest, full_at_ns };
        Changed { result, evicted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_row_forgets_who_has_asked_the_least() {
        let table = Table::new(KEYS_PER_ROW);
        assert_eq!(table.rows.len(), 1, "all keys meet");
        for key in 1..=KEYS_PER_ROW as u64 {
            assert!(!table.change(key, 0, |_| (key * 100, ())).evicted);
        }
        let known = |key: u64, now| table.change(key, now, |full_at| (full_at.max(1_000), full_at));
        assert!(
            table.change("another", 50, |_| (5_000, ())).evicted,
            "the first one's time was still to come"
        );
        assert_eq!(known(8, 50).result, 800);
        let first = known(1, 250);
        assert_eq!(first.result, 0, "forgotten");
        assert!(!first.evicted, "the second one's time has passed: nothing is lost with it");
    }
}
