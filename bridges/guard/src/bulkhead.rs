//! The bulkhead: a bound on the calls in flight, with a bounded queue in front of it.

use crate::policy::BulkheadPolicy;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// No place was free in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bulkhead full")]
pub struct BulkheadFull;

#[derive(Debug)]
pub(crate) struct Bulkhead {
    places: Semaphore,
    /// Places that exist beyond `policy`, because calls held them when it shrank. They go as they come back.
    surplus: AtomicUsize,
    policy: Mutex<BulkheadPolicy>,
    waiting: AtomicUsize,
    refusals: AtomicU64,
}

/// What a bulkhead shows of itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BulkheadView {
    pub max_concurrent_calls: usize,
    pub in_flight: usize,
    pub waiting: usize,
    pub refusals: u64,
}

impl Bulkhead {
    pub fn new(policy: BulkheadPolicy) -> Self {
        Bulkhead {
            places: Semaphore::new(places_of(&policy)),
            surplus: AtomicUsize::new(0),
            policy: Mutex::new(policy),
            waiting: AtomicUsize::new(0),
            refusals: AtomicU64::new(0),
        }
    }

    /// Takes a place that is free now.
    pub fn try_enter(&self) -> Option<Place<'_>> {
        let permit = self.places.try_acquire().ok()?;
        Some(Place { bulkhead: self, permit: Some(permit) })
    }

    /// Takes a place, and waits for it no longer than the policy and `at_most` say.
    pub async fn enter(&self, at_most: Duration) -> Result<Place<'_>, BulkheadFull> {
        let policy = self.policy();
        let _queued = Queued::join(&self.waiting, policy.max_waiting_calls).ok_or_else(|| self.refused())?;
        let wait = Duration::from_millis(policy.max_wait_ms).min(at_most);
        match tokio::time::timeout(wait, self.places.acquire()).await {
            Ok(Ok(permit)) => Ok(Place { bulkhead: self, permit: Some(permit) }),
            // The semaphore is never closed, so the inner error does not happen.
            Ok(Err(_)) | Err(_) => Err(self.refused()),
        }
    }

    pub fn reload(&self, policy: BulkheadPolicy) {
        let mut current = self.policy.lock().unwrap_or_else(PoisonError::into_inner);
        let (old, new) = (places_of(&current), places_of(&policy));
        if new > old {
            let grown = new - old;
            let absorbed = take_up_to(&self.surplus, grown);
            self.places.add_permits(grown - absorbed);
        } else {
            let shrunk = old - new;
            let forgotten = self.places.forget_permits(shrunk);
            self.surplus.fetch_add(shrunk - forgotten, Ordering::AcqRel);
        }
        *current = policy;
    }

    pub fn view(&self) -> BulkheadView {
        let max_concurrent_calls = places_of(&self.policy());
        let existing = max_concurrent_calls + self.surplus.load(Ordering::Acquire);
        BulkheadView {
            max_concurrent_calls,
            in_flight: existing.saturating_sub(self.places.available_permits()),
            waiting: self.waiting.load(Ordering::Relaxed),
            refusals: self.refusals.load(Ordering::Relaxed),
        }
    }

    fn policy(&self) -> BulkheadPolicy {
        *self.policy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self) -> BulkheadFull {
        self.refusals.fetch_add(1, Ordering::Relaxed);
        BulkheadFull
    }
}

fn places_of(policy: &BulkheadPolicy) -> usize {
    policy.max_concurrent_calls.get().min(Semaphore::MAX_PERMITS)
}

/// Lowers `counter` by at most `wanted` and says by how much.
fn take_up_to(counter: &AtomicUsize, wanted: usize) -> usize {
    let mut taken = 0;
    let _ = counter.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| {
        taken = left.min(wanted);
        Some(left - taken)
    });
    taken
}

/// A call's place; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    bulkhead: &'a Bulkhead,
    permit: Option<SemaphorePermit<'a>>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let surplus = &self.bulkhead.surplus;
        if surplus.load(Ordering::Acquire) > 0
            && take_up_to(surplus, 1) == 1
            && let Some(permit) = self.permit.take()
        {
            permit.forget();
        }
    }
}

/// A call's position in the queue, which it leaves when dropped.
struct Queued<'a>(&'a AtomicUsize);

impl<'a> Queued<'a> {
    fn join(waiting: &'a AtomicUsize, limit: usize) -> Option<Self> {
        waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| (n < limit).then_some(n + 1))
            .ok()
            .map(|_| Queued(waiting))
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroUsize;
    use std::sync::Arc;

    fn policy(places: usize, waiting: usize, wait_ms: u64) -> BulkheadPolicy {
        BulkheadPolicy {
            max_concurrent_calls: NonZeroUsize::new(places).unwrap(),
            max_waiting_calls: waiting,
            max_wait_ms: wait_ms,
        }
    }

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn never_more_calls_than_places_run_on_several_threads() {
        const PLACES: usize = 3;
        let bulkhead = Arc::new(Bulkhead::new(policy(PLACES, 1000, 60_000)));
        let running = Arc::new(AtomicUsize::new(0));
        let highest = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (bulkhead, running, highest) = (bulkhead.clone(), running.clone(), highest.clone());
                std::thread::spawn(move || {
                    let runtime =
                        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                    let calls = (0..250).map(|_| async {
                        let _place = bulkhead.enter(LONG).await.unwrap();
                        let now_running = running.fetch_add(1, Ordering::SeqCst) + 1;
                        highest.fetch_max(now_running, Ordering::SeqCst);
                        tokio::task::yield_now().await;
                        running.fetch_sub(1, Ordering::SeqCst);
                    });
                    runtime.block_on(futures::future::join_all(calls));
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(highest.load(Ordering::SeqCst), PLACES);
        assert_eq!(bulkhead.view().in_flight, 0);
        assert_eq!(bulkhead.places.available_permits(), PLACES);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_waits_for_a_place_only_as_long_as_it_may() {
        let bulkhead = Bulkhead::new(policy(1, 10, 100));
        let place = bulkhead.try_enter().unwrap();
        let begun = tokio::time::Instant::now();
        assert_eq!(bulkhead.enter(LONG).await.unwrap_err(), BulkheadFull);
        assert_eq!(begun.elapsed().as_millis(), 100);
        drop(place);
        assert!(bulkhead.enter(LONG).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_turns_calls_away_at_once() {
        let bulkhead = Bulkhead::new(policy(1, 1, 100));
        let _place = bulkhead.try_enter().unwrap();
        let begun = tokio::time::Instant::now();
        let (first, second) = tokio::join!(bulkhead.enter(LONG), async {
            let refused = bulkhead.enter(LONG).await.is_err();
            (refused, begun.elapsed())
        });
        assert!(first.is_err());
        assert_eq!(second, (true, Duration::ZERO));
        assert_eq!(bulkhead.view().waiting, 0);
        assert_eq!(bulkhead.view().refusals, 2);
    }

    #[test]
    fn a_bulkhead_that_shrinks_under_load_ends_at_its_new_size() {
        let bulkhead = Bulkhead::new(policy(4, 0, 0));
        let places: Vec<_> = (0..3).map(|_| bulkhead.try_enter().unwrap()).collect();
        bulkhead.reload(policy(1, 0, 0));
        assert!(bulkhead.try_enter().is_none());
        assert_eq!(bulkhead.view().in_flight, 3);
        drop(places);
        assert_eq!(bulkhead.view().in_flight, 0);
        let place = bulkhead.try_enter().unwrap();
        assert!(bulkhead.try_enter().is_none());
        bulkhead.reload(policy(2, 0, 0));
        assert!(bulkhead.try_enter().is_some());
        drop(place);
        assert_eq!(bulkhead.places.available_permits(), 2);
    }
}
