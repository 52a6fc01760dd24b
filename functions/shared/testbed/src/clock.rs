//! The time that components are told.

use jiff::{SignedDuration, Timestamp};
use mcsp_function::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The real time, which stores compare signatures and lifetimes with, and as much later as a test wants.
#[derive(Clone, Default)]
pub(crate) struct ShiftedClock(Arc<AtomicI64>);

impl ShiftedClock {
    pub(crate) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}
