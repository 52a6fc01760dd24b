//! All guards of a process, by caller and target.

use crate::clock::{Clock, MonotonicClock};
use crate::guard::Guard;
use crate::snapshot::GuardSnapshot;
use crate::table::PolicyTable;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Places of one target that have a guard each, such as the hosts of clients. Those that come later share one.
const PLACES_MAX: usize = 1_000;
/// What stands between a target and its place in the name of a guard: no target has it in its own.
const PLACE: char = '/';

/// Makes guards on demand and keeps them for the life of the process. Callers and targets are names from
/// configuration, never from requests: that bounds their number. Places are bounded by [`PLACES_MAX`].
#[derive(Debug)]
pub struct GuardRegistry {
    clock: Arc<dyn Clock>,
    inner: RwLock<Inner>,
}

#[derive(Debug)]
struct Inner {
    table: PolicyTable,
    guards: BTreeMap<String, BTreeMap<String, Arc<Guard>>>,
}

impl Inner {
    fn get(&self, caller: &str, target: &str) -> Option<&Arc<Guard>> {
        self.guards.get(caller)?.get(target)
    }

    fn places(&self, caller: &str, target: &str) -> usize {
        let of_target = |name: &String| name.split_once(PLACE).is_some_and(|(of, _)| of == target);
        self.guards.get(caller).map_or(0, |guards| guards.keys().filter(|name| of_target(name)).count())
    }

    fn all(&self) -> impl Iterator<Item = (&str, &str, &Arc<Guard>)> {
        self.guards.iter().flat_map(|(caller, targets)| {
            targets.iter().map(move |(target, guard)| (caller.as_str(), target.as_str(), guard))
        })
    }
}

impl GuardRegistry {
    /// A registry on the machine's clock.
    pub fn new(table: PolicyTable) -> Self {
        Self::with_clock(table, Arc::new(MonotonicClock::default()))
    }

    /// A registry on a clock of the caller's.
    pub fn with_clock(table: PolicyTable, clock: Arc<dyn Clock>) -> Self {
        GuardRegistry { clock, inner: RwLock::new(Inner { table, guards: BTreeMap::new() }) }
    }

    /// The guard between `caller` and `target`: the same one every time. Keep it, rather than ask for each
    /// call.
    pub fn guard(&self, caller: &str, target: &str) -> Arc<Guard> {
        if let Some(guard) = self.read().get(caller, target) {
            return guard.clone();
        }
        let mut inner = self.write();
        let policy = inner.table.policy(caller, without_place(target));
        inner
            .guards
            .entry(caller.to_owned())
            .or_default()
            .entry(target.to_owned())
            .or_insert_with(|| Arc::new(Guard::with_clock(caller, target, policy, self.clock.clone())))
            .clone()
    }

    /// The guard between `caller` and one of the places that `target` stands for. It has the policy of the target, and
    /// is named `target/place`.
    pub fn guard_at(&self, caller: &str, target: &str, place: &str) -> Arc<Guard> {
        let name = format!("{target}{PLACE}{place}");
        let is_known = self.read().get(caller, &name).is_some();
        if is_known || self.read().places(caller, target) < PLACES_MAX {
            self.guard(caller, &name)
        } else {
            self.guard(caller, target)
        }
    }

    /// Puts new thresholds in force, for guards that exist and those to come. No guard loses its state.
    pub fn reload(&self, table: PolicyTable) {
        let mut inner = self.write();
        inner.table = table;
        for (caller, target, guard) in inner.all() {
            guard.reload(inner.table.policy(caller, without_place(target)));
        }
    }

    /// Closes a guard's breaker. False where there is no such guard.
    pub fn reset(&self, caller: &str, target: &str) -> bool {
        let guard = self.read().get(caller, target).cloned();
        guard.inspect(|guard| guard.reset()).is_some()
    }

    /// All guards, ordered by caller and target.
    pub fn snapshot(&self) -> Vec<GuardSnapshot> {
        self.read().all().map(|(_, _, guard)| guard.snapshot()).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn without_place(name: &str) -> &str {
    name.split_once(PLACE).map_or(name, |(target, _)| target)
}
