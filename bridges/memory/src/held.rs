//! What is held: it neither runs out nor makes room, so that its bound refuses instead.

use crate::store::{Kept, size};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The held keys, in the order in which they were last kept.
#[derive(Debug, Default)]
pub(crate) struct Held {
    by_key: HashMap<Arc<str>, (u64, Arc<Kept>)>,
    by_turn: BTreeMap<u64, Arc<str>>,
    turns: u64,
    bytes: usize,
}

impl Held {
    pub(crate) fn get(&self, key: &str) -> Option<Arc<Kept>> {
        self.by_key.get(key).map(|(_, kept)| Arc::clone(kept))
    }

    /// Holds a value instead of the one before, and behind all others, where it fits.
    pub(crate) fn hold(&mut self, key: &str, kept: Arc<Kept>, max_bytes: usize) -> bool {
        let before = self.by_key.get(key).map_or(0, |(_, kept)| size(key, kept));
        if self.bytes - before + size(key, &kept) > max_bytes {
            return false;
        }
        self.release(key);
        self.bytes += size(key, &kept);
        let (key, turn): (Arc<str>, u64) = (key.into(), self.next_turn());
        self.by_turn.insert(turn, Arc::clone(&key));
        self.by_key.insert(key, (turn, kept));
        true
    }

    pub(crate) fn release(&mut self, key: &str) {
        if let Some((turn, kept)) = self.by_key.remove(key) {
            self.by_turn.remove(&turn);
            self.bytes -= size(key, &kept);
        }
    }

    /// Those under a prefix that were kept the longest ago.
    pub(crate) fn oldest(&self, prefix: &str, limit: usize) -> Vec<(Arc<str>, Arc<Kept>)> {
        let under = self.by_turn.values().filter(|key| key.starts_with(prefix));
        under.filter_map(|key| Some((Arc::clone(key), self.get(key)?))).take(limit).collect()
    }

    /// Their number and their size.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.by_key.len(), self.bytes)
    }

    fn next_turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }
}
