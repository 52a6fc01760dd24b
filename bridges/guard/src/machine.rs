//! The breaker's state machine: pure, one thread, time is a parameter.

use crate::policy::BreakerPolicy;
use crate::window::{Sample, Tally, Window};
use serde::Serialize;
use std::time::Duration;

/// The state of a circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Calls go through and are counted.
    Closed,
    /// No call goes through.
    Open,
    /// A few calls go through as probes.
    HalfOpen,
}

#[derive(Debug)]
enum Phase {
    Closed { window: Window },
    Open { retry_at: Duration, tripped_by: Tally },
    HalfOpen { since: Duration, in_flight: u32, finished: Tally },
}

/// Told to callers who find all probes taken: a probe takes about this long.
pub(crate) const PROBE_RETRY_AFTER: Duration = Duration::from_millis(100);

/// A call's admission. It is only good for the phase that gave it: what a call of an earlier phase found
/// says nothing about the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub epoch: u64,
}

#[derive(Debug)]
pub(crate) struct Machine {
    policy: BreakerPolicy,
    phase: Phase,
    /// Grows with every change of phase.
    epoch: u64,
    trips: u64,
}

impl Machine {
    pub fn new(policy: BreakerPolicy) -> Self {
        let phase = Phase::Closed { window: Window::new(policy.sliding_window) };
        Machine { policy, phase, epoch: 0, trips: 0 }
    }

    pub fn state(&self) -> State {
        match self.phase {
            Phase::Closed { .. } => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    pub fn trips(&self) -> u64 {
        self.trips
    }

    pub fn is_slow(&self, elapsed: Duration) -> bool {
        elapsed >= self.policy.slow_call()
    }

    /// The calls that the present state rests on: of the window, of the probes, or those that opened it.
    pub fn tally(&mut self, now: Duration) -> Tally {
        match &mut self.phase {
            Phase::Closed { window } => window.tally(now),
            Phase::Open { tripped_by, .. } => *tripped_by,
            Phase::HalfOpen { finished, .. } => *finished,
        }
    }

    /// How long a call would be refused for, without taking anything.
    pub fn check(&mut self, now: Duration) -> Option<Duration> {
        self.give_up_probing(now);
        self.refusal(now)
    }

    fn refusal(&self, now: Duration) -> Option<Duration> {
        match self.phase {
            Phase::Closed { .. } => None,
            Phase::Open { retry_at, .. } => retry_at.checked_sub(now).filter(|wait| !wait.is_zero()),
            Phase::HalfOpen { in_flight, finished, .. } => {
                (!self.has_probe_left(in_flight, finished)).then_some(PROBE_RETRY_AFTER)
            }
        }
    }

    /// Admits a call, or says for how long it is refused.
    pub fn admit(&mut self, now: Duration) -> Result<Ticket, Duration> {
        self.advance(now);
        if let Some(wait) = self.refusal(now) {
            return Err(wait);
        }
        if let Phase::HalfOpen { in_flight, .. } = &mut self.phase {
            *in_flight += 1;
        }
        Ok(Ticket { epoch: self.epoch })
    }

    /// Takes a ticket back, with what the call found; without a sample the call says nothing.
    pub fn settle(&mut self, now: Duration, ticket: Ticket, sample: Option<Sample>) {
        if ticket.epoch != self.epoch {
            return;
        }
        match &mut self.phase {
            Phase::Closed { window } => {
                if let Some(sample) = sample {
                    window.record(now, sample);
                    let tally = window.tally(now);
                    if tally.calls >= self.policy.deciding_calls() && self.is_too_bad(tally) {
                        self.open(now, tally);
                    }
                }
            }
            Phase::Open { .. } => {}
            Phase::HalfOpen { in_flight, finished, .. } => {
                *in_flight = in_flight.saturating_sub(1);
                if let Some(sample) = sample {
                    finished.add(sample);
                }
                self.decide_half_open(now);
            }
        }
    }

    /// Applies new thresholds. The state stays, and so does what it rests on.
    pub fn reload(&mut self, now: Duration, policy: BreakerPolicy) {
        let old_wait = self.policy.wait_in_open();
        self.policy = policy;
        match &mut self.phase {
            Phase::Closed { window } => window.resize(now, policy.sliding_window),
            Phase::Open { retry_at, .. } => {
                *retry_at = retry_at.saturating_sub(old_wait).saturating_add(policy.wait_in_open());
            }
            Phase::HalfOpen { .. } => self.decide_half_open(now),
        }
    }

    /// Closes the breaker with an empty window.
    pub fn reset(&mut self) {
        self.close();
    }

    /// Changes of phase that time alone brings.
    fn advance(&mut self, now: Duration) {
        match self.phase {
            Phase::Closed { .. } => {}
            Phase::Open { retry_at, .. } => {
                if now >= retry_at {
                    self.enter(Phase::HalfOpen { since: now, in_flight: 0, finished: Tally::default() });
                }
            }
            Phase::HalfOpen { .. } => self.give_up_probing(now),
        }
    }

    /// Opens again where the probes have had their time.
    fn give_up_probing(&mut self, now: Duration) {
        let Phase::HalfOpen { since, finished, .. } = self.phase else { return };
        let limit = Duration::from_millis(self.policy.max_wait_duration_in_half_open_ms);
        if !limit.is_zero() && now.saturating_sub(since) >= limit {
            self.open(now, finished);
        }
    }

    fn decide_half_open(&mut self, now: Duration) {
        let Phase::HalfOpen { finished, .. } = self.phase else { return };
        if finished.calls < self.policy.permitted_calls_in_half_open.get() {
            return;
        }
        if self.is_too_bad(finished) { self.open(now, finished) } else { self.close() }
    }

    fn has_probe_left(&self, in_flight: u32, finished: Tally) -> bool {
        in_flight.saturating_add(finished.calls) < self.policy.permitted_calls_in_half_open.get()
    }

    fn is_too_bad(&self, tally: Tally) -> bool {
        self.policy.failure_rate_threshold_percent.is_reached_by(tally.failures, tally.calls)
            || self.policy.slow_call_rate_threshold_percent.is_reached_by(tally.slow, tally.calls)
    }

    fn open(&mut self, now: Duration, tripped_by: Tally) {
        self.trips += 1;
        self.enter(Phase::Open { retry_at: now.saturating_add(self.policy.wait_in_open()), tripped_by });
    }

    fn close(&mut self) {
        self.enter(Phase::Closed { window: Window::new(self.policy.sliding_window) });
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.epoch += 1;
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
