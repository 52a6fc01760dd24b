//! One call through everything: retry (breaker (bulkhead (deadline (attempt)))).

use crate::breaker::{Breaker, BreakerOpen, Verdict};
use crate::bulkhead::{Bulkhead, BulkheadFull};
use crate::clock::{Clock, MonotonicClock};
use crate::policy::Policy;
use crate::retry::Retries;
use crate::snapshot::GuardSnapshot;
use mcsp_bridge_api::Failure;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What the guard must know about a call before it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallKind {
    /// Whether it may be repeated when the target fails.
    pub idempotent: bool,
    /// Time for the whole call: waiting, attempts and the waits between them.
    pub deadline: Duration,
}

/// Why a guarded call gave no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuardError<E> {
    /// Nothing was sent.
    #[error(transparent)]
    BreakerOpen(#[from] BreakerOpen),
    /// Nothing was sent.
    #[error(transparent)]
    Overloaded(#[from] BulkheadFull),
    /// Something may have been sent, and may have had its effect.
    #[error("deadline exceeded")]
    DeadlineExceeded,
    /// The last attempt's own error.
    #[error("call failed")]
    Failed(E),
}

impl<E> GuardError<E> {
    /// The failure as the caller sees it; `failed` translates the attempt's own error.
    pub fn into_failure(self, failed: impl FnOnce(E) -> Failure) -> Failure {
        match self {
            GuardError::BreakerOpen(BreakerOpen { retry_after }) => {
                Failure::BreakerOpen(whole_milliseconds(retry_after))
            }
            GuardError::Overloaded(BulkheadFull) => Failure::Overloaded,
            GuardError::DeadlineExceeded => Failure::DeadlineExceeded,
            GuardError::Failed(error) => failed(error),
        }
    }
}

/// Rounded up: a retry after 0 ms would come too early.
fn whole_milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

/// Stands between one caller and one target. Shared by all threads; bound to no runtime.
#[derive(Debug)]
pub struct Guard {
    caller: Box<str>,
    target: Box<str>,
    /// Which of the places that the target stands for.
    place: Option<Box<str>>,
    breaker: Breaker,
    bulkhead: Bulkhead,
    retries: Retries,
    deadlines_exceeded: AtomicU64,
}

enum Attempted<T, E> {
    Finished(Result<T, E>, Verdict),
    NotFinished(GuardError<E>),
}

impl Guard {
    /// A guard on the machine's clock. Those that are to be seen and reloaded come from
    /// [`GuardRegistry::guard`](crate::GuardRegistry::guard).
    pub fn new(caller: &str, target: &str, policy: Policy) -> Self {
        Self::with_clock(caller, target, policy, Arc::new(MonotonicClock::default()))
    }

    /// A guard on a clock of the caller's.
    pub fn with_clock(caller: &str, target: &str, policy: Policy, clock: Arc<dyn Clock>) -> Self {
        Guard {
            caller: caller.into(),
            target: target.into(),
            place: None,
            breaker: Breaker::new(caller, target, policy.breaker, clock),
            bulkhead: Bulkhead::new(policy.bulkhead),
            retries: Retries::new(policy.retry),
            deadlines_exceeded: AtomicU64::new(0),
        }
    }

    /// The same at one of the places that its target stands for. Who looks at all guards is shown the place; it may be
    /// somebody's secret, and is in no log.
    pub(crate) fn at(self, place: &str) -> Self {
        Guard { place: Some(place.into()), ..self }
    }

    /// What it stands before.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Makes a call: `attempt` once, or again while `classify` says [`Verdict::Failure`], the call is
    /// idempotent, and attempts, budget and deadline allow it. `attempt` is not called, and so does no I/O,
    /// where the breaker or the bulkhead refuses.
    pub async fn call<T, E, F>(
        &self,
        kind: CallKind,
        classify: impl Fn(&Result<T, E>) -> Verdict,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, GuardError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let mut now = self.breaker.now();
        let due = now.saturating_add(kind.deadline);
        if kind.idempotent {
            self.retries.earn();
        }
        let mut result = match self.attempt(now, due, &classify, &mut attempt).await {
            Attempted::Finished(result, Verdict::Failure) if kind.idempotent => result,
            Attempted::Finished(result, _) => return result.map_err(GuardError::Failed),
            Attempted::NotFinished(error) => return Err(error),
        };
        // Ends: `pay` refuses once the attempts are spent.
        for attempts in 1.. {
            let remaining = due.saturating_sub(self.breaker.now());
            let Some(wait) = self.retries.pay(attempts, remaining) else { break };
            tokio::time::sleep(wait).await;
            now = self.breaker.now();
            match self.attempt(now, due, &classify, &mut attempt).await {
                Attempted::Finished(next, Verdict::Failure) => result = next,
                Attempted::Finished(next, _) => return next.map_err(GuardError::Failed),
                Attempted::NotFinished(GuardError::DeadlineExceeded) => {
                    return Err(GuardError::DeadlineExceeded);
                }
                // A retry that was not let through adds nothing to what the attempt before it found.
                Attempted::NotFinished(_) => break,
            }
        }
        result.map_err(GuardError::Failed)
    }

    /// Makes a call for whoever can do without it: once, within `patience`, and only while the breaker is closed. Who
    /// has another way open is not made to wait for a target that is not well, nor for a probe of one that was not.
    pub async fn call_if_closed<T, E, F>(
        &self,
        patience: Duration,
        classify: impl Fn(&Result<T, E>) -> Verdict,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, GuardError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let now = self.breaker.now();
        self.breaker.check_closed(now)?;
        let due = now.saturating_add(patience);
        match self.attempt(now, due, &classify, &mut attempt).await {
            Attempted::Finished(result, _) => result.map_err(GuardError::Failed),
            Attempted::NotFinished(error) => Err(error),
        }
    }

    async fn attempt<T, E, F>(
        &self,
        mut now: Duration,
        due: Duration,
        classify: &impl Fn(&Result<T, E>) -> Verdict,
        attempt: &mut impl FnMut() -> F,
    ) -> Attempted<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        // Asked before the queue, so that an open breaker answers at once; and again after it, because the
        // breaker may have opened meanwhile.
        if let Err(open) = self.breaker.check(now) {
            return Attempted::NotFinished(open.into());
        }
        let _place = match self.bulkhead.try_enter() {
            Some(place) => place,
            None => match self.bulkhead.enter(due.saturating_sub(now)).await {
                Ok(place) => {
                    now = self.breaker.now();
                    place
                }
                Err(full) => return Attempted::NotFinished(full.into()),
            },
        };
        let permit = match self.breaker.admit(now) {
            Ok(permit) => permit,
            Err(open) => return Attempted::NotFinished(open.into()),
        };
        match tokio::time::timeout(due.saturating_sub(now), attempt()).await {
            Ok(result) => {
                let verdict = classify(&result);
                permit.settle(verdict);
                Attempted::Finished(result, verdict)
            }
            Err(_elapsed) => {
                permit.settle(Verdict::Failure);
                self.deadlines_exceeded.fetch_add(1, Ordering::Relaxed);
                Attempted::NotFinished(GuardError::DeadlineExceeded)
            }
        }
    }

    /// Applies new thresholds. State, windows, budget and calls in flight stay.
    pub fn reload(&self, policy: Policy) {
        self.breaker.reload(policy.breaker);
        self.bulkhead.reload(policy.bulkhead);
        self.retries.reload(policy.retry);
    }

    /// Closes the breaker and empties its window.
    pub fn reset(&self) {
        self.breaker.reset();
    }

    /// Whether the breaker would let a call through now. Takes and counts nothing.
    pub(crate) fn lets_through(&self) -> bool {
        self.breaker.lets_through(self.breaker.now())
    }

    /// How the guard stands now.
    pub fn snapshot(&self) -> GuardSnapshot {
        GuardSnapshot::new(
            (&self.caller, &self.target, self.place.as_deref()),
            self.breaker.view(),
            self.bulkhead.view(),
            self.retries.view(),
            self.deadlines_exceeded.load(Ordering::Relaxed),
        )
    }
}
