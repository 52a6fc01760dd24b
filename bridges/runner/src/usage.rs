//! How long a function is there and how much memory it has, over all threads: what is paid for by time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Adds up, from one change to the next, how long there were instances and how much memory they had. Instances begin and
/// end seldom beside requests, and so does memory grow.
#[derive(Debug)]
pub(crate) struct Usage(Mutex<Meter>);

#[derive(Clone, Copy, Debug)]
struct Meter {
    begun: Instant,
    changed: Instant,
    instances: u64,
    memory_bytes: u64,
    total: Used,
}

/// What was used until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Used {
    /// Since the meter was made.
    pub up: Duration,
    /// Of which there was an instance.
    pub active: Duration,
    pub byte_milliseconds: u128,
}

impl Default for Usage {
    fn default() -> Self {
        Usage(Mutex::new(Meter::new(Instant::now())))
    }
}

impl Usage {
    pub(crate) fn instance_started(&self) {
        self.meter().change(Instant::now(), |meter| meter.instances += 1);
    }

    pub(crate) fn instance_dropped(&self) {
        self.meter().change(Instant::now(), |meter| meter.instances = meter.instances.saturating_sub(1));
    }

    pub(crate) fn memory_taken(&self, bytes: usize) {
        self.meter().change(Instant::now(), |meter| meter.memory_bytes += bytes as u64);
    }

    pub(crate) fn memory_released(&self, bytes: usize) {
        let released =
            |meter: &mut Meter| meter.memory_bytes = meter.memory_bytes.saturating_sub(bytes as u64);
        self.meter().change(Instant::now(), released);
    }

    pub(crate) fn used(&self) -> Used {
        self.meter().read(Instant::now())
    }

    fn meter(&self) -> MutexGuard<'_, Meter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Meter {
    fn new(now: Instant) -> Self {
        Meter { begun: now, changed: now, instances: 0, memory_bytes: 0, total: Used::default() }
    }

    fn change(&mut self, now: Instant, apply: impl FnOnce(&mut Meter)) {
        self.total = self.read(now);
        self.changed = now;
        apply(self);
    }

    fn read(&self, now: Instant) -> Used {
        let since = now.saturating_duration_since(self.changed);
        let is_active = self.instances > 0;
        Used {
            up: now.saturating_duration_since(self.begun),
            active: self.total.active + if is_active { since } else { Duration::ZERO },
            byte_milliseconds: self.total.byte_milliseconds
                + u128::from(self.memory_bytes) * since.as_micros() / 1_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_counts_while_there_is_an_instance_and_memory_for_as_long_as_it_is_held() {
        let begun = Instant::now();
        let at = |ms| begun + Duration::from_millis(ms);
        let mut meter = Meter::new(begun);
        assert_eq!(meter.read(begun), Used::default());
        meter.change(at(100), |meter| (meter.instances, meter.memory_bytes) = (1, 1_000));
        // A second one beside it makes the function no more active.
        meter.change(at(150), |meter| (meter.instances, meter.memory_bytes) = (2, 3_000));
        meter.change(at(200), |meter| (meter.instances, meter.memory_bytes) = (0, 0));
        let used = Used {
            up: Duration::from_millis(1_000),
            active: Duration::from_millis(100),
            byte_milliseconds: 50 * 1_000 + 50 * 3_000,
        };
        assert_eq!(meter.read(at(1_000)), used);
        // To read changes nothing, and what goes on is told too.
        meter.change(at(1_000), |meter| meter.instances = 1);
        assert_eq!(meter.read(at(1_500)).active, Duration::from_millis(600));
        assert_eq!(meter.read(at(1_500)), meter.read(at(1_500)));
    }
}
