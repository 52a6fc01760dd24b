//! The time that components are told.

use jiff::{SignedDuration, Timestamp};
use mcsp_function::Clock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

/// The real time, which stores compare signatures and lifetimes with, and as much later as a test wants; or one that stands
/// still but for that.
#[derive(Clone, Default)]
pub(crate) struct ShiftedClock(Arc<Told>);

#[derive(Default)]
struct Told {
    shift_s: AtomicI64,
    /// Where the real time was left.
    stopped_at: OnceLock<Timestamp>,
}

impl ShiftedClock {
    pub(crate) fn pass(&self, seconds: i64) {
        self.0.shift_s.fetch_add(seconds, Ordering::SeqCst);
    }

    /// At the next full second: it never goes back, and no store rounds it.
    pub(crate) fn stop(&self) {
        let next_full = || Timestamp::from_second(Timestamp::now().as_second() + 1).unwrap();
        self.0.stopped_at.get_or_init(next_full);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        let told = self.0.stopped_at.get().copied().unwrap_or_else(Timestamp::now);
        told + SignedDuration::from_secs(self.0.shift_s.load(Ordering::SeqCst))
    }
}
