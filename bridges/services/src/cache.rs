//! Answers that are kept: a private cache for each caller, all within one pair of bounds.

use crate::config::CacheConfig;
use crate::flights::Flights;
use crate::freshness::Freshness;
use crate::message::{Answer, Outgoing};
use http::header::{AUTHORIZATION, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is asked for, by whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Resource {
    caller: Arc<str>,
    /// Target and path.
    uri: Uri,
    /// A digest of `Authorization`, where the request has it. What one token was answered is for no other
    /// token and for nobody without one, whatever the answer says that it varies on.
    authorization: Option<[u8; 32]>,
}

impl Resource {
    pub fn of(caller: Arc<str>, request: &Outgoing) -> Self {
        Resource { caller, uri: request.uri.clone(), authorization: authorization(&request.headers) }
    }

    /// Whether the request says by `Authorization` who asks.
    pub fn is_authorized(&self) -> bool {
        self.authorization.is_some()
    }
}

/// A resource with the request headers that its answers vary on.
type Key = (Resource, Vec<(HeaderName, Vec<HeaderValue>)>);

/// A kept answer.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub answer: Answer,
    pub freshness: Freshness,
    /// By the clock of the transport.
    pub arrived_at: Duration,
    pub age_on_arrival: Duration,
}

impl Entry {
    pub fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.arrived_at).saturating_add(self.age_on_arrival)
    }
}

/// Shared by all worker threads.
#[derive(Debug)]
pub struct ResponseCache {
    config: CacheConfig,
    kept: Mutex<Kept>,
    pub(crate) flights: Flights,
}

#[derive(Debug, Default)]
struct Kept {
    entries: HashMap<Key, Slot>,
    /// Keys by their last use.
    by_use: BTreeMap<u64, Key>,
    /// The headers that a resource's answers vary on.
    vary: HashMap<Resource, Vec<HeaderName>>,
    /// Resources whose last answer could not be kept: calls need not wait for each other's.
    unkept: HashSet<Resource>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Slot {
    entry: Arc<Entry>,
    last_use: u64,
    bytes: usize,
}

impl ResponseCache {
    /// An empty cache.
    pub fn new(config: CacheConfig) -> Self {
        ResponseCache { config, kept: Mutex::default(), flights: Flights::default() }
    }

    /// Answers kept, and their size in bytes.
    pub fn usage(&self) -> (usize, usize) {
        let kept = self.kept();
        (kept.entries.len(), kept.bytes)
    }

    pub(crate) fn find(&self, resource: &Resource, headers: &HeaderMap) -> Option<Arc<Entry>> {
        self.kept().find(resource, headers)
    }

    /// Whether the last answer of the resource could not be kept.
    pub(crate) fn is_unkept(&self, resource: &Resource) -> bool {
        self.kept().unkept.contains(resource)
    }

    /// Keeps an answer, or notes that it cannot be kept; what was kept for the request goes.
    pub(crate) fn store(&self, resource: &Resource, request: &Outgoing, entry: Option<Entry>) {
        let mut kept = self.kept();
        match entry.filter(|entry| entry.answer.size_bytes() <= self.config.max_bytes) {
            Some(entry) => kept.insert(resource, &request.headers, entry),
            None => kept.mark_unkept(resource, &request.headers),
        }
        kept.evict(&self.config);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn key(&self, resource: &Resource, headers: &HeaderMap) -> Option<Key> {
        let vary = self.vary.get(resource)?;
        let selecting = vary.iter().map(|name| {
            let values = headers.get_all(name).iter().cloned().collect();
            (name.clone(), values)
        });
        Some((resource.clone(), selecting.collect()))
    }

    fn find(&mut self, resource: &Resource, headers: &HeaderMap) -> Option<Arc<Entry>> {
        let key = self.key(resource, headers)?;
        self.uses += 1;
        let slot = self.entries.get_mut(&key)?;
        self.by_use.remove(&slot.last_use);
        slot.last_use = self.uses;
        self.by_use.insert(self.uses, key);
        Some(slot.entry.clone())
    }

    fn insert(&mut self, resource: &Resource, headers: &HeaderMap, entry: Entry) {
        self.remove(resource, headers);
        self.unkept.remove(resource);
        self.vary.insert(resource.clone(), vary_of(&entry.answer.headers));
        let Some(key) = self.key(resource, headers) else { return };
        let bytes = entry.answer.size_bytes();
        self.uses += 1;
        self.bytes += bytes;
        self.by_use.insert(self.uses, key.clone());
        let slot = Slot { entry: Arc::new(entry), last_use: self.uses, bytes };
        if let Some(replaced) = self.entries.insert(key, slot) {
            self.forget(&replaced);
        }
    }

    fn mark_unkept(&mut self, resource: &Resource, headers: &HeaderMap) {
        self.remove(resource, headers);
        self.unkept.insert(resource.clone());
    }

    fn remove(&mut self, resource: &Resource, headers: &HeaderMap) {
        if let Some(slot) = self.key(resource, headers).and_then(|key| self.entries.remove(&key)) {
            self.forget(&slot);
        }
    }

    fn forget(&mut self, slot: &Slot) {
        self.by_use.remove(&slot.last_use);
        self.bytes = self.bytes.saturating_sub(slot.bytes);
    }

    fn evict(&mut self, config: &CacheConfig) {
        while self.entries.len() > config.max_entries || self.bytes > config.max_bytes {
            let Some((_, key)) = self.by_use.pop_first() else { break };
            if let Some(slot) = self.entries.remove(&key) {
                self.bytes = self.bytes.saturating_sub(slot.bytes);
            }
        }
        // Notes about resources without entries. Losing them costs a fetch or a wait, so they may all go.
        if self.unkept.len() > config.max_entries {
            self.unkept.clear();
        }
        if self.vary.len() > config.max_entries.saturating_mul(2) {
            let live: HashSet<&Resource> = self.entries.keys().map(|(resource, _)| resource).collect();
            self.vary.retain(|resource, _| live.contains(resource));
        }
    }
}

/// Only the digest: no token is kept for longer than its call.
fn authorization(headers: &HeaderMap) -> Option<[u8; 32]> {
    let digest = |digest: Option<Sha256>, value: &HeaderValue| {
        // No value holds a line break, so no two lists of values are alike.
        Some(digest.unwrap_or_default().chain_update(value).chain_update("\n"))
    };
    let digest = headers.get_all(AUTHORIZATION).iter().fold(None, digest)?;
    Some(digest.finalize().into())
}

fn vary_of(headers: &HeaderMap) -> Vec<HeaderName> {
    let text = headers.get_all(VARY).iter().filter_map(|value| value.to_str().ok());
    let mut names: Vec<HeaderName> =
        text.flat_map(|value| value.split(',')).filter_map(|name| name.trim().parse().ok()).collect();
    names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    names.dedup();
    names
}
