//! The time by which the bridge's memory tells ages.

use mcsp_guard::{Clock, MonotonicClock};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The real time, and as much more as a test wants.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryClock {
    real: MonotonicClock,
    ahead_s: Arc<AtomicU64>,
}

impl MemoryClock {
    pub(crate) fn pass(&self, seconds: u64) {
        self.ahead_s.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for MemoryClock {
    fn now(&self) -> Duration {
        self.real.now() + Duration::from_secs(self.ahead_s.load(Ordering::SeqCst))
    }
}
