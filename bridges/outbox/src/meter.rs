//! What a relay has done, and what waits in its outbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Reads a relay's numbers while it runs.
#[derive(Clone, Debug, Default)]
pub struct RelayMeter(Arc<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    published: AtomicU64,
    refused: AtomicU64,
    failed_rounds: AtomicU64,
    waiting: AtomicU64,
    oldest_age_ms: AtomicU64,
}

/// A relay's numbers. Those about the outbox are as of its last look, at most a poll interval ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayCounts {
    /// Events that Kafka has and the outbox no longer has.
    pub published_total: u64,
    /// Events that Kafka did not take, each time that they were sent.
    pub refused_total: u64,
    /// Rounds that came to nothing, or waited long for Kafka.
    pub failed_rounds_total: u64,
    /// Events seen waiting, counted up to the size of a batch.
    pub waiting: u64,
    /// How long the oldest of them had waited.
    pub oldest_age_ms: u64,
}

impl RelayMeter {
    /// The numbers as of now.
    pub fn counts(&self) -> RelayCounts {
        RelayCounts {
            published_total: self.0.published.load(Ordering::Relaxed),
            refused_total: self.0.refused.load(Ordering::Relaxed),
            failed_rounds_total: self.0.failed_rounds.load(Ordering::Relaxed),
            waiting: self.0.waiting.load(Ordering::Relaxed),
            oldest_age_ms: self.0.oldest_age_ms.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn saw(&self, waiting: i64, oldest_age_ms: i64) {
        self.0.waiting.store(u64::try_from(waiting).unwrap_or(0), Ordering::Relaxed);
        self.0.oldest_age_ms.store(u64::try_from(oldest_age_ms).unwrap_or(0), Ordering::Relaxed);
    }

    pub(crate) fn published(&self, events: usize) {
        self.0.published.fetch_add(u64::try_from(events).unwrap_or(0), Ordering::Relaxed);
    }

    pub(crate) fn refused(&self, events: usize) {
        self.0.refused.fetch_add(u64::try_from(events).unwrap_or(0), Ordering::Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.0.failed_rounds.fetch_add(1, Ordering::Relaxed);
    }
}
