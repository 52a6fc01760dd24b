//! Sliding windows over past calls, by number or by time.

use crate::policy::SlidingWindow;
use std::collections::VecDeque;
use std::time::Duration;

/// What a finished call says about its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub failed: bool,
    pub slow: bool,
}

/// Calls added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub calls: u32,
    pub failures: u32,
    pub slow: u32,
}

impl Tally {
    pub fn add(&mut self, sample: Sample) {
        self.calls = self.calls.saturating_add(1);
        self.failures = self.failures.saturating_add(u32::from(sample.failed));
        self.slow = self.slow.saturating_add(u32::from(sample.slow));
    }

    fn subtract(&mut self, other: Tally) {
        self.calls = self.calls.saturating_sub(other.calls);
        self.failures = self.failures.saturating_sub(other.failures);
        self.slow = self.slow.saturating_sub(other.slow);
    }
}

impl From<Sample> for Tally {
    fn from(sample: Sample) -> Self {
        Tally { calls: 1, failures: u32::from(sample.failed), slow: u32::from(sample.slow) }
    }
}

/// A window with its running total, so that a record costs the same whatever the size.
#[derive(Debug)]
pub(crate) struct Window {
    size: SlidingWindow,
    total: Tally,
    /// By number: one entry for each call. By time: one for each second that saw calls.
    entries: VecDeque<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    second: u64,
    tally: Tally,
}

impl Window {
    pub fn new(size: SlidingWindow) -> Self {
        let (SlidingWindow::Calls(entries) | SlidingWindow::Seconds(entries)) = size;
        let capacity = usize::try_from(entries.get()).unwrap_or(usize::MAX).min(MAX_PREALLOCATED_ENTRIES);
        Window { size, total: Tally::default(), entries: VecDeque::with_capacity(capacity) }
    }

    pub fn record(&mut self, now: Duration, sample: Sample) {
        let second = now.as_secs();
        let tally = Tally::from(sample);
        match (self.size, self.entries.back_mut()) {
            // Threads read the clock before they take the lock, so `now` may be behind the last entry.
            (SlidingWindow::Seconds(_), Some(last)) if last.second >= second => last.tally.add(sample),
            _ => self.entries.push_back(Entry { second, tally }),
        }
        self.total.add(sample);
        self.expire(now);
    }

    pub fn tally(&mut self, now: Duration) -> Tally {
        self.expire(now);
        self.total
    }

    /// Changes the size and keeps what still fits. Calls and seconds do not convert: a change of kind
    /// begins an empty window.
    pub fn resize(&mut self, now: Duration, size: SlidingWindow) {
        let same_kind = std::mem::discriminant(&self.size) == std::mem::discriminant(&size);
        if same_kind {
            self.size = size;
            self.expire(now);
        } else {
            *self = Window::new(size);
        }
    }

    fn expire(&mut self, now: Duration) {
        while let Some(oldest) = self.entries.front() {
            let expired = match self.size {
                SlidingWindow::Calls(calls) => self.total.calls > calls.get(),
                SlidingWindow::Seconds(seconds) => oldest.second + u64::from(seconds.get()) <= now.as_secs(),
            };
            if !expired {
                break;
            }
            self.total.subtract(oldest.tally);
            self.entries.pop_front();
        }
    }
}

/// Larger windows grow as they fill.
const MAX_PREALLOCATED_ENTRIES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::num::NonZeroU32;

    const GOOD: Sample = Sample { failed: false, slow: false };
    const BAD: Sample = Sample { failed: true, slow: false };

    fn calls(n: u32) -> SlidingWindow {
        SlidingWindow::Calls(NonZeroU32::new(n).unwrap())
    }

    fn seconds(n: u32) -> SlidingWindow {
        SlidingWindow::Seconds(NonZeroU32::new(n).unwrap())
    }

    #[test]
    fn a_window_of_calls_forgets_the_oldest_call() {
        let mut window = Window::new(calls(3));
        for sample in [BAD, GOOD, GOOD, GOOD] {
            window.record(Duration::ZERO, sample);
        }
        assert_eq!(window.tally(Duration::ZERO), Tally { calls: 3, failures: 0, slow: 0 });
    }

    #[test]
    fn a_window_of_seconds_forgets_by_time_alone() {
        let mut window = Window::new(seconds(10));
        window.record(Duration::from_secs(1), BAD);
        window.record(Duration::from_millis(10_999), BAD);
        assert_eq!(window.tally(Duration::from_millis(10_999)).failures, 2);
        assert_eq!(window.tally(Duration::from_secs(11)).failures, 1);
        assert_eq!(window.tally(Duration::from_secs(20)), Tally::default());
    }

    #[test]
    fn shrinking_keeps_the_newest_calls() {
        let mut window = Window::new(calls(4));
        for sample in [BAD, BAD, GOOD, BAD] {
            window.record(Duration::ZERO, sample);
        }
        window.resize(Duration::ZERO, calls(2));
        assert_eq!(window.tally(Duration::ZERO), Tally { calls: 2, failures: 1, slow: 0 });
    }

    proptest! {
        #[test]
        fn the_running_total_equals_a_recount(
            size in 1_u32..8,
            by_time: bool,
            steps in prop::collection::vec((0_u64..3_000, any::<bool>(), any::<bool>()), 0..60),
        ) {
            let mut window = Window::new(if by_time { seconds(size) } else { calls(size) });
            let mut now = Duration::ZERO;
            let mut all = Vec::new();
            for (step_ms, failed, slow) in steps {
                now += Duration::from_millis(step_ms);
                window.record(now, Sample { failed, slow });
                all.push((now.as_secs(), Sample { failed, slow }));
                let kept = all.iter().rev().enumerate().filter(|(age, (second, _))| {
                    if by_time { second + u64::from(size) > now.as_secs() } else { *age < size as usize }
                });
                let mut expected = Tally::default();
                kept.for_each(|(_, (_, sample))| expected.add(*sample));
                prop_assert_eq!(window.tally(now), expected);
            }
        }
    }
}
