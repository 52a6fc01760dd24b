//! One fetch at a time for each resource: who comes second waits for the first, and looks again.

use crate::cache::Resource;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Fetches that are under way. Bounded by the bulkheads that they run in.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    under_way: Mutex<HashMap<Resource, watch::Receiver<()>>>,
}

/// A caller's part in a fetch.
pub(crate) enum Part<'a> {
    /// Fetches, and holds the others until it drops this.
    First(Landing<'a>),
    /// Waits for the first: the channel closes when it is done, or gave up.
    Second(watch::Receiver<()>),
}

pub(crate) struct Landing<'a> {
    flights: &'a Flights,
    resource: Resource,
    _done: watch::Sender<()>,
}

impl Flights {
    pub fn join(&self, resource: &Resource) -> Part<'_> {
        let mut under_way = self.under_way();
        if let Some(done) = under_way.get(resource) {
            return Part::Second(done.clone());
        }
        let (done, waiting) = watch::channel(());
        under_way.insert(resource.clone(), waiting);
        Part::First(Landing { flights: self, resource: resource.clone(), _done: done })
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<Resource, watch::Receiver<()>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.flights.under_way().remove(&self.resource);
    }
}
