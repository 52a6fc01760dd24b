//! What a component's requests are taken by.

use crate::config::{LimitTable, Rate, Rates, RatesOverride};
use crate::gcra;
use crate::table::{Changed, Table};
use mcsp_bridge_api::limits::{Standing, Subject};
use mcsp_guard::{Clock, MonotonicClock};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Keys that are remembered, at 16 bytes each. Who asks less often than the rate allows needs no memory between
/// two requests, so that this is the number of those who ask faster at the same time.
const KEYS: usize = 65_536;
/// Proofs that are remembered, at 16 bytes each: 2,000 a second are room enough. Beyond that the oldest are forgotten, and
/// could be shown once more.
const PROOFS: usize = 262_144;
/// How long a proof is remembered: longer than any is good.
const PROOF_WINDOW: Duration = Duration::from_secs(120);

/// The limits of all components of a process.
pub struct Limiter {
    shared: Arc<Shared>,
    table: RwLock<LimitTable>,
    components: RwLock<BTreeMap<String, Arc<Inner>>>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    buckets: Table,
    proofs: Table,
    enforced: AtomicBool,
    evicted: AtomicU64,
}

/// The limits of one component. Users and networks have a budget for each component: who has used up one can
/// still use the others.
#[derive(Clone)]
pub struct ComponentLimits {
    shared: Arc<Shared>,
    inner: Arc<Inner>,
}

struct Inner {
    /// Part of every key.
    id: String,
    written: RatesOverride,
    user: StoredRate,
    address: StoredRate,
    over_by_user: AtomicU64,
    over_by_address: AtomicU64,
}

/// How often the limits were met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitCounts {
    /// Requests over the limit of a user or client, and over that of a network, by component. Refused, where limits are
    /// enforced.
    pub over: BTreeMap<String, (u64, u64)>,
    /// Keys that were forgotten too early, for want of room: each was given a new burst.
    pub evicted: u64,
}

impl Limiter {
    /// On the machine's clock.
    #[must_use]
    pub fn new(table: LimitTable) -> Self {
        Self::with_clock(table, Arc::new(MonotonicClock::default()), KEYS)
    }

    /// On a clock of the caller's, with room for so many keys.
    #[must_use]
    pub fn with_clock(table: LimitTable, clock: Arc<dyn Clock>, keys: usize) -> Self {
        let shared = Shared {
            clock,
            buckets: Table::new(keys),
            proofs: Table::new(PROOFS),
            enforced: AtomicBool::new(table.enforced),
            evicted: AtomicU64::new(0),
        };
        Limiter { shared: Arc::new(shared), table: RwLock::new(table), components: RwLock::default() }
    }

    /// The limits of a component, of which the manifest says `written`: the same ones every time. Components
    /// are names from the manifest, never from requests: that bounds their number.
    pub fn component(&self, id: &str, written: RatesOverride) -> ComponentLimits {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.components.write().unwrap_or_else(PoisonError::into_inner);
        let inner = all.entry(id.to_owned()).or_insert_with(|| {
            let Rates { user, address } = table.rates(id, &written);
            Arc::new(Inner {
                id: id.to_owned(),
                written,
                user: StoredRate::new(user),
                address: StoredRate::new(address),
                over_by_user: AtomicU64::new(0),
                over_by_address: AtomicU64::new(0),
            })
        });
        ComponentLimits { shared: Arc::clone(&self.shared), inner: Arc::clone(inner) }
    }

    /// Puts new limits in force. Nobody is given a new burst by that.
    pub fn reload(&self, table: LimitTable) {
        let mut in_force = self.table.write().unwrap_or_else(PoisonError::into_inner);
        self.shared.enforced.store(table.enforced, Relaxed);
        for (id, inner) in self.components.read().unwrap_or_else(PoisonError::into_inner).iter() {
            let Rates { user, address } = table.rates(id, &inner.written);
            inner.user.store(user);
            inner.address.store(address);
        }
        *in_force = table;
    }

    /// How often the limits were met.
    pub fn counts(&self) -> LimitCounts {
        let all = self.components.read().unwrap_or_else(PoisonError::into_inner);
        let over = |inner: &Inner| (inner.over_by_user.load(Relaxed), inner.over_by_address.load(Relaxed));
        LimitCounts {
            over: all.iter().map(|(id, inner)| (id.clone(), over(inner))).collect(),
            evicted: self.shared.evicted.load(Relaxed),
        }
    }
}

impl ComponentLimits {
    /// Takes one request of `subject` from its budget, as `wit/limits.wit` says.
    pub fn take(&self, subject: &Subject) -> Standing {
        let Inner { id, user, address, over_by_user, over_by_address, .. } = &*self.inner;
        let (rate, key, over) = match subject {
            Subject::User(name) => (user.load(), (id, 'u', name), over_by_user),
            Subject::Client(name) => (user.load(), (id, 'c', name), over_by_user),
            Subject::Address(name) => (address.load(), (id, 'a', name), over_by_address),
            Subject::Proof(name) => return self.take_proof(name),
        };
        let now_ns = self.now_ns();
        let Changed { result: taken, evicted } = self.shared.buckets.change(key, now_ns, |full_at_ns| {
            let taken = gcra::take(rate, full_at_ns, now_ns);
            (taken.full_at_ns, taken)
        });
        if evicted {
            self.shared.evicted.fetch_add(1, Relaxed);
        }
        if taken.wait_ns > 0 {
            over.fetch_add(1, Relaxed);
        }
        let enforced = self.shared.enforced.load(Relaxed);
        Standing {
            wait_ms: if enforced { gcra::whole_ms(taken.wait_ns) } else { 0 },
            quota: rate.burst.get(),
            window_ms: gcra::window_ms(rate),
            remaining: taken.remaining,
            reset_ms: gcra::whole_ms(taken.full_at_ns.saturating_sub(now_ns)),
        }
    }

    /// The first who shows a proof may go on, for as long as it is good. This is no limit that could be lifted.
    fn take_proof(&self, name: &str) -> Standing {
        let now_ns = self.now_ns();
        let window_ns = u64::try_from(PROOF_WINDOW.as_nanos()).unwrap_or(u64::MAX);
        let Changed { result: wait_ns, evicted } =
            self.shared.proofs.change((&self.inner.id, name), now_ns, |good_until_ns| {
                match good_until_ns.saturating_sub(now_ns) {
                    0 => (now_ns.saturating_add(window_ns), 0),
                    wait_ns => (good_until_ns, wait_ns),
                }
            });
        if evicted {
            self.shared.evicted.fetch_add(1, Relaxed);
        }
        let window_ms = gcra::whole_ms(window_ns);
        let wait_ms = gcra::whole_ms(wait_ns);
        Standing {
            wait_ms,
            quota: 1,
            window_ms,
            remaining: 0,
            reset_ms: if wait_ms > 0 { wait_ms } else { window_ms },
        }
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.shared.clock.now().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A rate that is read by every request and hardly ever changes: both numbers in one word.
struct StoredRate(AtomicU64);

impl StoredRate {
    fn new(rate: Rate) -> Self {
        StoredRate(AtomicU64::new(packed(rate)))
    }

    fn store(&self, rate: Rate) {
        self.0.store(packed(rate), Relaxed);
    }

    fn load(&self) -> Rate {
        let word = self.0.load(Relaxed);
        let half = |bits: u64| {
            let number = u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(u32::MAX);
            NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
        };
        Rate { per_minute: half(word >> 32), burst: half(word) }
    }
}

fn packed(rate: Rate) -> u64 {
    u64::from(rate.per_minute.get()) << 32 | u64::from(rate.burst.get())
}
