//! All guards of a process, by caller and target.

use crate::clock::{Clock, MonotonicClock};
use crate::guard::Guard;
use crate::snapshot::GuardSnapshot;
use crate::table::PolicyTable;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Places of one target that have a guard each, such as the hosts of clients. For another one the place that was used
/// longest ago is forgotten.
const PLACES_MAX: usize = 1_000;

/// Makes guards on demand. Callers and targets are names from configuration, never from requests: that bounds their
/// number, and their guards are kept for the life of the process. Places may come from requests, and are bounded by
/// [`PLACES_MAX`].
#[derive(Debug)]
pub struct GuardRegistry {
    clock: Arc<dyn Clock>,
    inner: RwLock<Inner>,
    /// How often places were asked for.
    uses: AtomicU64,
}

#[derive(Debug)]
struct Inner {
    table: PolicyTable,
    /// By caller, then target.
    guards: BTreeMap<String, BTreeMap<String, Guards>>,
}

/// The guards between a caller and a target.
#[derive(Debug)]
struct Guards {
    own: Arc<Guard>,
    places: BTreeMap<String, Place>,
    /// What the guards of places that are forgotten have counted.
    forgotten: GuardSnapshot,
}

/// The guard of a place.
#[derive(Debug)]
struct Place {
    guard: Arc<Guard>,
    /// Which use of a place was the last one of this.
    used: AtomicU64,
}

impl Inner {
    fn get(&self, caller: &str, target: &str) -> Option<&Guards> {
        self.guards.get(caller)?.get(target)
    }

    fn get_or_make(&mut self, caller: &str, target: &str, clock: &Arc<dyn Clock>) -> &mut Guards {
        let policy = self.table.policy(caller, target);
        let of_caller = self.guards.entry(caller.to_owned()).or_default();
        of_caller.entry(target.to_owned()).or_insert_with(|| {
            let own = Guard::with_clock(caller, target, policy, Arc::clone(clock));
            // Nothing is counted yet.
            let forgotten = own.snapshot();
            Guards { own: Arc::new(own), places: BTreeMap::new(), forgotten }
        })
    }

    fn all(&self) -> impl Iterator<Item = &Guards> {
        self.guards.values().flat_map(|targets| targets.values())
    }
}

impl Guards {
    fn all(&self) -> impl Iterator<Item = &Arc<Guard>> {
        std::iter::once(&self.own).chain(self.places.values().map(|place| &place.guard))
    }

    /// Makes room for one place more, where need be by forgetting another. False where that cannot be.
    fn make_room(&mut self) -> bool {
        self.places.len() < PLACES_MAX || self.forget_one()
    }

    /// Forgets, of the places that may go, the one that was used longest ago. False where none may.
    fn forget_one(&mut self) -> bool {
        let may_go = self.places.iter().filter(|(_, place)| place.may_go());
        let oldest = may_go.min_by_key(|(_, place)| place.used.load(Ordering::Relaxed));
        let Some(name) = oldest.map(|(name, _)| name.clone()) else { return false };
        if let Some(place) = self.places.remove(&name) {
            self.forgotten.count(&place.guard.snapshot());
        }
        true
    }

    /// The own guard, with what those of the places have counted, also the forgotten ones.
    fn counted(&self) -> GuardSnapshot {
        let mut counted = self.own.snapshot();
        counted.count(&self.forgotten);
        self.places.values().for_each(|place| counted.count(&place.guard.snapshot()));
        counted
    }
}

impl Place {
    fn take(&self, number: u64) -> Arc<Guard> {
        self.used.fetch_max(number, Ordering::Relaxed);
        Arc::clone(&self.guard)
    }

    /// Whether nobody has the guard, so that no call is under way, and nothing is lost with it: it would let a call
    /// through, as a new one does.
    fn may_go(&self) -> bool {
        Arc::strong_count(&self.guard) == 1 && self.guard.lets_through()
    }
}

impl GuardRegistry {
    /// A registry on the machine's clock.
    pub fn new(table: PolicyTable) -> Self {
        Self::with_clock(table, Arc::new(MonotonicClock::default()))
    }

    /// A registry on a clock of the caller's.
    pub fn with_clock(table: PolicyTable, clock: Arc<dyn Clock>) -> Self {
        let inner = RwLock::new(Inner { table, guards: BTreeMap::new() });
        GuardRegistry { clock, inner, uses: AtomicU64::new(0) }
    }

    /// The guard between `caller` and `target`: the same one every time. Keep it, rather than ask for each
    /// call.
    pub fn guard(&self, caller: &str, target: &str) -> Arc<Guard> {
        if let Some(guards) = self.read().get(caller, target) {
            return Arc::clone(&guards.own);
        }
        Arc::clone(&self.write().get_or_make(caller, target, &self.clock).own)
    }

    /// The guard between `caller` and one of the places that `target` stands for. It has the policy of the target. Ask
    /// for each call, and keep it for as long as that takes: what is kept is not forgotten. While no place may be
    /// forgotten, a new one shares the guard of the target.
    pub fn guard_at(&self, caller: &str, target: &str, place: &str) -> Arc<Guard> {
        let number = self.uses.fetch_add(1, Ordering::Relaxed);
        if let Some(known) = self.read().get(caller, target).and_then(|guards| guards.places.get(place)) {
            return known.take(number);
        }
        let mut inner = self.write();
        let policy = inner.table.policy(caller, target);
        let guards = inner.get_or_make(caller, target, &self.clock);
        // Another thread may have made it meanwhile.
        if !guards.places.contains_key(place) && !guards.make_room() {
            return Arc::clone(&guards.own);
        }
        let make = || {
            let guard = Guard::with_clock(caller, target, policy, Arc::clone(&self.clock)).at(place);
            Place { guard: Arc::new(guard), used: AtomicU64::new(number) }
        };
        guards.places.entry(place.to_owned()).or_insert_with(make).take(number)
    }

    /// Puts new thresholds in force, for guards that exist and those to come. No guard loses its state.
    pub fn reload(&self, table: PolicyTable) {
        let mut inner = self.write();
        inner.table = table;
        for (caller, targets) in &inner.guards {
            for (target, guards) in targets {
                let policy = inner.table.policy(caller, target);
                guards.all().for_each(|guard| guard.reload(policy));
            }
        }
    }

    /// Closes the breaker of a target, and those of its places. False where there is no such guard.
    pub fn reset(&self, caller: &str, target: &str) -> bool {
        let inner = self.read();
        let found = inner.get(caller, target);
        found.inspect(|guards| guards.all().for_each(|guard| guard.reset())).is_some()
    }

    /// All guards, ordered by caller, target and place.
    pub fn snapshot(&self) -> Vec<GuardSnapshot> {
        let inner = self.read();
        inner.all().flat_map(|guards| guards.all()).map(|guard| guard.snapshot()).collect()
    }

    /// One for each caller and target, ordered by these, for who must not be told of places. What is counted and what is
    /// under way is that of all its places together, of those that are forgotten too; the rest is of the target's own guard.
    pub fn snapshot_by_target(&self) -> Vec<GuardSnapshot> {
        self.read().all().map(|guards| guards.counted()).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}
