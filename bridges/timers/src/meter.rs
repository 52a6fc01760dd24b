//! What has become of timers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Reads the numbers while timers are delivered.
#[derive(Clone, Debug, Default)]
pub struct TimersMeter(Arc<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    done: AtomicU64,
    retried: AtomicU64,
    refused: AtomicU64,
}

/// What has become of timers in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerCounts {
    /// Taken by their component.
    pub done_total: u64,
    /// Deliveries that failed, and come again.
    pub retried_total: u64,
    /// Refused for good.
    pub refused_total: u64,
}

impl TimersMeter {
    /// The numbers as of now.
    pub fn counts(&self) -> TimerCounts {
        TimerCounts {
            done_total: self.0.done.load(Ordering::Relaxed),
            retried_total: self.0.retried.load(Ordering::Relaxed),
            refused_total: self.0.refused.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn done(&self) {
        self.0.done.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn retried(&self) {
        self.0.retried.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
    }
}
