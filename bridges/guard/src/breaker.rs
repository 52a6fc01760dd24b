//! The circuit breaker as threads share it. While it is closed, admission is one atomic load, and a
//! finished call takes one short lock.

use crate::clock::Clock;
use crate::machine::{Machine, PROBE_RETRY_AFTER, State, Ticket};
use crate::policy::BreakerPolicy;
use crate::window::{Sample, Tally};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a call's result says about its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The target did its work. A refusal that is the caller's own mistake belongs here too: the target
    /// is well.
    Success,
    /// The target failed: unreachable, too late, or an error of its own.
    Failure,
    /// The result says nothing about the target, and is not counted.
    Ignored,
}

/// Refused by a breaker that is not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("circuit breaker open")]
pub struct BreakerOpen {
    /// When a retry is worth it.
    pub retry_after: Duration,
}

#[derive(Debug)]
pub(crate) struct Breaker {
    caller: Box<str>,
    target: Box<str>,
    clock: Arc<dyn Clock>,
    /// The machine's epoch, or `NOT_CLOSED`. Written under the lock.
    closed_epoch: AtomicU64,
    machine: Mutex<Machine>,
    refusals: AtomicU64,
}

const NOT_CLOSED: u64 = u64::MAX;

/// What a breaker shows of itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BreakerView {
    pub state: State,
    pub tally: Tally,
    pub trips: u64,
    pub refusals: u64,
}

impl Breaker {
    pub fn new(caller: &str, target: &str, policy: BreakerPolicy, clock: Arc<dyn Clock>) -> Self {
        let machine = Machine::new(policy);
        Breaker {
            caller: caller.into(),
            target: target.into(),
            clock,
            closed_epoch: AtomicU64::new(machine.epoch()),
            machine: Mutex::new(machine),
            refusals: AtomicU64::new(0),
        }
    }

    pub fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Fails where [`Breaker::admit`] would, and takes nothing.
    pub fn check(&self, now: Duration) -> Result<(), BreakerOpen> {
        if self.closed_epoch.load(Ordering::Acquire) != NOT_CLOSED {
            return Ok(());
        }
        let refusal = self.change(|machine| machine.check(now));
        refusal.map_or(Ok(()), |retry_after| Err(self.refused(retry_after)))
    }

    /// Fails where the breaker is not closed, also where it would let a probe through.
    pub fn check_closed(&self, now: Duration) -> Result<(), BreakerOpen> {
        if self.closed_epoch.load(Ordering::Acquire) != NOT_CLOSED {
            return Ok(());
        }
        self.check(now).and_then(|()| {
            let closed = self.closed_epoch.load(Ordering::Acquire) != NOT_CLOSED;
            if closed { Ok(()) } else { Err(self.refused(PROBE_RETRY_AFTER)) }
        })
    }

    /// Whether [`Breaker::admit`] would let a call through. Takes and counts nothing.
    pub fn lets_through(&self, now: Duration) -> bool {
        self.closed_epoch.load(Ordering::Acquire) != NOT_CLOSED
            || self.change(|machine| machine.check(now)).is_none()
    }

    /// Lets a call through, or refuses it.
    pub fn admit(&self, now: Duration) -> Result<Permit<'_>, BreakerOpen> {
        let closed_epoch = self.closed_epoch.load(Ordering::Acquire);
        let ticket = if closed_epoch == NOT_CLOSED {
            self.change(|machine| machine.admit(now)).map_err(|retry_after| self.refused(retry_after))?
        } else {
            Ticket { epoch: closed_epoch }
        };
        Ok(Permit { breaker: self, ticket, started: now, settled: false })
    }

    pub fn reload(&self, policy: BreakerPolicy) {
        let now = self.now();
        self.change(|machine| machine.reload(now, policy));
    }

    pub fn reset(&self) {
        self.change(Machine::reset);
    }

    pub fn view(&self) -> BreakerView {
        let now = self.now();
        let mut machine = self.lock();
        BreakerView {
            state: machine.state(),
            tally: machine.tally(now),
            trips: machine.trips(),
            refusals: self.refusals.load(Ordering::Relaxed),
        }
    }

    fn refused(&self, retry_after: Duration) -> BreakerOpen {
        self.refusals.fetch_add(1, Ordering::Relaxed);
        BreakerOpen { retry_after }
    }

    fn lock(&self) -> MutexGuard<'_, Machine> {
        // The machine's methods leave it whole at every step, so a panic elsewhere does not spoil it.
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `action` under the lock; publishes the new state, and logs it once, where it changed.
    fn change<T>(&self, action: impl FnOnce(&mut Machine) -> T) -> T {
        let mut machine = self.lock();
        let before = machine.state();
        let epoch_before = machine.epoch();
        let result = action(&mut machine);
        let after = machine.state();
        if machine.epoch() == epoch_before {
            return result;
        }
        let published = if after == State::Closed { machine.epoch() } else { NOT_CLOSED };
        self.closed_epoch.store(published, Ordering::Release);
        let tally = machine.tally(self.clock.now());
        drop(machine);
        self.log(before, after, tally);
        result
    }

    fn log(&self, before: State, after: State, tally: Tally) {
        let (caller, target) = (&*self.caller, &*self.target);
        let Tally { calls, failures, slow } = tally;
        if after == State::Open {
            tracing::warn!(caller, target, ?before, calls, failures, slow, "circuit breaker opened");
        } else if after != before {
            tracing::info!(caller, target, ?before, ?after, "circuit breaker changed state");
        }
    }
}

/// Leave to make one call. It comes back on every exit: settled with a verdict, or dropped.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    ticket: Ticket,
    started: Duration,
    settled: bool,
}

impl Permit<'_> {
    pub fn settle(mut self, verdict: Verdict) {
        self.settled = true;
        let now = self.breaker.now();
        let elapsed = now.saturating_sub(self.started);
        self.breaker.change(|machine| {
            let slow = machine.is_slow(elapsed);
            let sample = match verdict {
                Verdict::Success => Some(Sample { failed: false, slow }),
                Verdict::Failure => Some(Sample { failed: true, slow }),
                Verdict::Ignored => None,
            };
            machine.settle(now, self.ticket, sample);
        });
    }
}

impl Drop for Permit<'_> {
    /// The caller went away. That says nothing about the target, unless the call was slow by then: callers
    /// who give up on a target that hangs must not keep its breaker closed.
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let now = self.breaker.now();
        let elapsed = now.saturating_sub(self.started);
        self.breaker.change(|machine| {
            let slow = machine.is_slow(elapsed).then_some(Sample { failed: false, slow: true });
            machine.settle(now, self.ticket, slow);
        });
    }
}
