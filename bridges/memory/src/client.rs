//! What a component's exchanges go to.

use crate::config::MemoryConfig;
use crate::error::MemoryError;
use crate::store::{Store, Usage};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::memory::{Outcome, Step};
use mcsp_guard::{Clock, MonotonicClock};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The memories of all services of a process.
pub struct Memories {
    config: MemoryConfig,
    clock: Arc<dyn Clock>,
    stores: Mutex<BTreeMap<String, Arc<Store>>>,
}

/// `mcsp:bridge/memory` for one component.
#[derive(Clone)]
pub struct Memory {
    store: Arc<Store>,
    prefixes: Arc<[String]>,
}

impl Default for Memories {
    fn default() -> Self {
        Self::with_clock(MemoryConfig::default(), Arc::new(MonotonicClock::default()))
    }
}

impl Memories {
    /// On a clock of the caller's.
    #[must_use]
    pub fn with_clock(config: MemoryConfig, clock: Arc<dyn Clock>) -> Self {
        Memories { config, clock, stores: Mutex::default() }
    }

    /// The part of a service's memory whose keys begin with one of `prefixes`. Services are names from the
    /// manifest, never from requests: that bounds their number.
    pub fn of(&self, service: &str, prefixes: &[String]) -> Memory {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let store = stores
            .entry(service.to_owned())
            .or_insert_with(|| Arc::new(Store::new(self.config, Arc::clone(&self.clock))));
        Memory { store: Arc::clone(store), prefixes: prefixes.into() }
    }

    /// How much is used, by service.
    pub fn usage(&self) -> BTreeMap<String, Usage> {
        let stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        stores.iter().map(|(service, store)| (service.clone(), store.usage())).collect()
    }
}

impl Memory {
    /// Takes the steps in order, as `wit/memory.wit` says.
    ///
    /// # Errors
    /// A mistake of the caller's; then none of them is taken.
    pub fn exchange(&self, steps: Vec<Step>) -> Result<Vec<Outcome>, Failure> {
        if steps.len() > self.store.config().max_steps {
            return Err(MemoryError::Refused("too-many-steps").into());
        }
        steps.iter().try_for_each(|step| self.check(step))?;
        Ok(steps.into_iter().map(|step| self.take(step)).collect())
    }

    fn check(&self, step: &Step) -> Result<(), MemoryError> {
        let key = match step {
            Step::Recall(key) => key,
            Step::Keep(deposit) => {
                if deposit.value.len() > self.store.config().max_value_bytes {
                    return Err(MemoryError::Refused("value-too-large"));
                }
                &deposit.key
            }
            Step::Forget(removal) => &removal.key,
            Step::Held(listing) => &listing.prefix,
        };
        if self.prefixes.iter().any(|prefix| !prefix.is_empty() && key.starts_with(prefix)) {
            return Ok(());
        }
        // Only the key's family is told: the rest may be somebody's id.
        let family = key.split_inclusive(':').next().unwrap_or_default();
        Err(MemoryError::NotGranted(format!("memory {family}")))
    }

    fn take(&self, step: Step) -> Outcome {
        match step {
            Step::Recall(key) => Outcome::Entries(self.store.recall(key).into_iter().collect()),
            Step::Keep(deposit) => Outcome::Done(self.store.keep(deposit)),
            Step::Forget(removal) => Outcome::Done(self.store.forget(&removal)),
            Step::Held(listing) => Outcome::Entries(self.store.held_longest(&listing)),
        }
    }
}
