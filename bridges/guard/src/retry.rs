//! Retries: a budget that idempotent calls earn, and the wait before each.

use crate::policy::RetryPolicy;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The price of a retry. A call earns `budget_percent` of the price, so prices in hundredths are exact.
const RETRY_PRICE: u64 = 100;

/// A token bucket that calls fill and retries empty, as in finagle and linkerd: when a target is down,
/// retries add a fixed share to the load instead of multiplying it.
#[derive(Debug)]
pub(crate) struct Retries {
    policy: Mutex<RetryPolicy>,
    /// Copies of the policy, so that a call's deposit needs no lock.
    deposit: AtomicU64,
    cap: AtomicU64,
    balance: AtomicU64,
    made: AtomicU64,
    refused: AtomicU64,
}

/// What the retries show of themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetriesView {
    pub made: u64,
    pub refused: u64,
    pub budget_left: u64,
}

impl Retries {
    pub fn new(policy: RetryPolicy) -> Self {
        Retries {
            policy: Mutex::new(policy),
            deposit: AtomicU64::new(deposit_of(&policy)),
            cap: AtomicU64::new(cap_of(&policy)),
            balance: AtomicU64::new(u64::from(policy.budget_reserve) * RETRY_PRICE),
            made: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// Counts an idempotent call.
    pub fn earn(&self) {
        let cap = self.cap.load(Ordering::Relaxed);
        if self.balance.load(Ordering::Relaxed) >= cap {
            return;
        }
        let deposit = self.deposit.load(Ordering::Relaxed);
        let _ = self.balance.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |balance| {
            (balance < cap).then_some(balance.saturating_add(deposit).min(cap))
        });
    }

    /// Pays for a retry after `attempts` attempts, and gives the wait before it. None where the attempts or
    /// the budget are spent, or the wait would not leave any of `remaining`.
    pub fn pay(&self, attempts: u32, remaining: Duration) -> Option<Duration> {
        let policy = *self.policy.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts >= policy.max_attempts.get() {
            return None;
        }
        let wait = backoff(&policy, attempts);
        if wait >= remaining {
            return None;
        }
        let paid = self
            .balance
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |balance| balance.checked_sub(RETRY_PRICE));
        let counter = if paid.is_ok() { &self.made } else { &self.refused };
        counter.fetch_add(1, Ordering::Relaxed);
        paid.ok().map(|_| wait)
    }

    pub fn reload(&self, policy: RetryPolicy) {
        self.deposit.store(deposit_of(&policy), Ordering::Relaxed);
        self.cap.store(cap_of(&policy), Ordering::Relaxed);
        self.balance.fetch_min(cap_of(&policy), Ordering::AcqRel);
        *self.policy.lock().unwrap_or_else(PoisonError::into_inner) = policy;
    }

    pub fn view(&self) -> RetriesView {
        RetriesView {
            made: self.made.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            budget_left: self.balance.load(Ordering::Relaxed) / RETRY_PRICE,
        }
    }
}

fn deposit_of(policy: &RetryPolicy) -> u64 {
    u64::from(u8::from(policy.budget_percent)) * RETRY_PRICE / 100
}

/// The bucket holds at least one retry, or a reserve of 0 would mean no retries at all.
fn cap_of(policy: &RetryPolicy) -> u64 {
    u64::from(policy.budget_reserve.max(1)) * RETRY_PRICE
}

/// Exponential with full jitter.
fn backoff(policy: &RetryPolicy, attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(u64::BITS - 1);
    let bound_ms = policy.backoff_base_ms.saturating_mul(1_u64 << doublings).min(policy.backoff_max_ms);
    Duration::from_millis(bound_ms).mul_f64(rand::random::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn retries_stay_within_a_fifth_of_the_calls_and_the_reserve() {
        let retries = Retries::new(RetryPolicy { budget_reserve: 0, ..RetryPolicy::default() });
        let mut made = 0;
        for _ in 0..10_000 {
            retries.earn();
            made += u32::from(retries.pay(1, LONG).is_some());
        }
        assert_eq!(made, 2_000);
        assert_eq!(retries.view().refused, 8_000);
    }

    #[test]
    fn good_times_save_up_no_more_than_the_reserve() {
        let retries = Retries::new(RetryPolicy { budget_reserve: 10, ..RetryPolicy::default() });
        (0..10_000).for_each(|_| retries.earn());
        assert_eq!((0..100).filter(|_| retries.pay(1, LONG).is_some()).count(), 10);
    }

    #[test]
    fn a_retry_that_cannot_end_in_time_is_not_paid_for() {
        let retries = Retries::new(RetryPolicy::default());
        assert_eq!(retries.pay(1, Duration::ZERO), None);
        assert_eq!(retries.view().budget_left, 10);
    }

    #[test]
    fn the_last_attempt_is_the_last() {
        let retries = Retries::new(RetryPolicy::default());
        assert!(retries.pay(2, LONG).is_some());
        assert_eq!(retries.pay(3, LONG), None);
    }

    proptest! {
        #[test]
        fn the_wait_never_exceeds_its_bounds(attempts in 1_u32..100) {
            let policy = RetryPolicy::default();
            let bound_ms = if attempts > 10 { 250 } else { (10 << (attempts - 1)).min(250) };
            prop_assert!(backoff(&policy, attempts) <= Duration::from_millis(bound_ms));
        }
    }
}
