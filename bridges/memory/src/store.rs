//! One service's memory, shared by all threads.

use crate::config::{ENTRY_BYTES, MemoryConfig};
use crate::held::Held;
use mcsp_bridge_api::memory::{Condition, Deposit, Entry, Listing, Removal};
use mcsp_guard::Clock;
use moka::Expiry;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Keys share so many locks; a lock makes one key's change atomic.
const LOCKS: usize = 256;

/// A value that is there.
#[derive(Debug)]
pub(crate) struct Kept {
    value: Vec<u8>,
    version: u64,
    since: Duration,
    /// None while it is held.
    ttl: Option<Duration>,
}

/// What an entry counts.
pub(crate) fn size(key: &str, kept: &Kept) -> usize {
    key.len() + kept.value.len() + ENTRY_BYTES
}

/// How much of a service's memory is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Copies, roughly: those that have run out are cleared away from time to time.
    pub copies: u64,
    /// Their size, in bytes.
    pub copy_bytes: u64,
    /// What is held.
    pub held: usize,
    /// Its size, in bytes.
    pub held_bytes: usize,
    /// What could not be held for want of room, since the start.
    pub refused_total: u64,
}

pub(crate) struct Store {
    config: MemoryConfig,
    clock: Arc<dyn Clock>,
    copies: Cache<Arc<str>, Arc<Kept>>,
    held: Mutex<Held>,
    locks: Box<[Mutex<()>]>,
    hasher: RandomState,
    versions: AtomicU64,
    refused: AtomicU64,
}

/// Frees the room of what has run out. Whether it has, [`Store::find`] asks the store's own clock.
struct RunsOut;

impl Expiry<Arc<str>, Arc<Kept>> for RunsOut {
    fn expire_after_create(&self, _: &Arc<str>, kept: &Arc<Kept>, _: Instant) -> Option<Duration> {
        kept.ttl
    }

    fn expire_after_update(
        &self,
        _: &Arc<str>,
        kept: &Arc<Kept>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        kept.ttl
    }
}

impl Store {
    pub(crate) fn new(config: MemoryConfig, clock: Arc<dyn Clock>) -> Self {
        let copies = Cache::builder()
            .max_capacity(config.max_copy_bytes)
            .weigher(|key: &Arc<str>, kept: &Arc<Kept>| u32::try_from(size(key, kept)).unwrap_or(u32::MAX))
            // The other policy keeps out what is new and not often used: what was seen just now, here.
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(RunsOut)
            .build();
        Store {
            config,
            clock,
            copies,
            held: Mutex::default(),
            locks: std::iter::repeat_with(Mutex::default).take(LOCKS).collect(),
            hasher: RandomState::new(),
            versions: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    pub(crate) fn config(&self) -> &MemoryConfig {
        &self.config
    }

    pub(crate) fn recall(&self, key: String) -> Option<Entry> {
        let now = self.clock.now();
        self.find(&key, now).map(|kept| entry(key, &kept, now))
    }

    /// Keeps a value, if its condition holds and there is room.
    pub(crate) fn keep(&self, deposit: Deposit) -> bool {
        let Deposit { key, value, ttl_ms, condition } = deposit;
        let _changing = self.lock(&key);
        let now = self.clock.now();
        let present = self.find(&key, now);
        let holds = match (condition, &present) {
            (Condition::Always, _) | (Condition::Absent, None) => true,
            (Condition::Absent, Some(_)) | (Condition::Unchanged(_), None) => false,
            (Condition::Unchanged(version), Some(kept)) => kept.version == version,
        };
        if !holds {
            return false;
        }
        let version = self.versions.fetch_add(1, Relaxed);
        let ttl = ttl_ms.map(|ttl_ms| Duration::from_millis(ttl_ms.into()));
        let kept = Arc::new(Kept { value, version, since: now, ttl });
        if ttl.is_none() {
            let fits = self.held().hold(&key, kept, self.config.max_held_bytes);
            if fits {
                self.copies.invalidate(key.as_str());
            } else {
                self.refused.fetch_add(1, Relaxed);
            }
            return fits;
        }
        self.copies.insert(key.as_str().into(), kept);
        self.held().release(&key);
        true
    }

    /// Forgets a value, if it is still of this version.
    pub(crate) fn forget(&self, removal: &Removal) -> bool {
        let _changing = self.lock(&removal.key);
        let present = self.find(&removal.key, self.clock.now());
        if present.is_none_or(|kept| kept.version != removal.version) {
            return false;
        }
        self.copies.invalidate(removal.key.as_str());
        self.held().release(&removal.key);
        true
    }

    pub(crate) fn held_longest(&self, listing: &Listing) -> Vec<Entry> {
        let now = self.clock.now();
        let limit = usize::try_from(listing.limit).unwrap_or(usize::MAX);
        let oldest = self.held().oldest(&listing.prefix, limit);
        oldest.into_iter().map(|(key, kept)| entry(key.as_ref().to_owned(), &kept, now)).collect()
    }

    pub(crate) fn usage(&self) -> Usage {
        let (held, held_bytes) = self.held().usage();
        Usage {
            copies: self.copies.entry_count(),
            copy_bytes: self.copies.weighted_size(),
            held,
            held_bytes,
            refused_total: self.refused.load(Relaxed),
        }
    }

    fn find(&self, key: &str, now: Duration) -> Option<Arc<Kept>> {
        if let Some(held) = self.held().get(key) {
            return Some(held);
        }
        let age = |kept: &Kept| now.saturating_sub(kept.since);
        self.copies.get(key).filter(|kept| kept.ttl.is_some_and(|ttl| age(kept) < ttl))
    }

    fn lock(&self, key: &str) -> MutexGuard<'_, ()> {
        let at = usize::try_from(self.hasher.hash_one(key)).unwrap_or_default() % LOCKS;
        // The remainder is within the locks.
        #[expect(clippy::indexing_slicing, reason = "the line above")]
        self.locks[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry(key: String, kept: &Kept, now: Duration) -> Entry {
    let age_ms = u64::try_from(now.saturating_sub(kept.since).as_millis()).unwrap_or(u64::MAX);
    let held = kept.ttl.is_none();
    Entry { key, value: kept.value.clone(), version: kept.version, age_ms, held }
}
