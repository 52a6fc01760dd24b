//! Whole calls through a guard, on a virtual clock.

#![allow(clippy::unwrap_used, reason = "test fixtures fail the test that calls them")]

use futures::FutureExt;
use mcsp_bridge_api::Failure;
use mcsp_guard::{CallKind, Clock, Guard, GuardError, GuardRegistry, Policy, PolicyTable, State, Verdict};
use std::cell::Cell;
use std::fmt::{Debug, Write};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::field::Field;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Tokio's clock, which tests pause and move. Timers and breaker then agree on the time.
#[derive(Debug)]
struct PausedClock(tokio::time::Instant);

impl Clock for PausedClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

fn clock() -> Arc<PausedClock> {
    Arc::new(PausedClock(tokio::time::Instant::now()))
}

fn table(text: &str) -> PolicyTable {
    toml::from_str(text).unwrap()
}

/// Opens at 5 of 10 calls; 3 probes after 1 s.
const SMALL: &str = "
    [defaults.breaker]
    sliding_window = { calls = 10 }
    minimum_calls = 10
    permitted_calls_in_half_open = 3
    wait_duration_in_open_ms = 1000
";

fn small_guard() -> Guard {
    Guard::with_clock("content", "redis", table(SMALL).policy("content", "redis"), clock())
}

const ONCE: CallKind = CallKind { idempotent: false, deadline: Duration::from_secs(1) };
const AGAIN: CallKind = CallKind { idempotent: true, ..ONCE };

#[derive(Debug, PartialEq)]
struct Broken;

fn classify(result: &Result<(), Broken>) -> Verdict {
    if result.is_ok() { Verdict::Success } else { Verdict::Failure }
}

async fn good(guard: &Guard) -> Result<(), GuardError<Broken>> {
    guard.call(ONCE, classify, || async { Ok(()) }).await
}

async fn bad(guard: &Guard) -> Result<(), GuardError<Broken>> {
    guard.call(ONCE, classify, || async { Err(Broken) }).await
}

async fn open(guard: &Guard) {
    for _ in 0..10 {
        assert_eq!(bad(guard).await, Err(GuardError::Failed(Broken)));
    }
    assert_eq!(guard.snapshot().state, State::Open);
}

#[tokio::test(start_paused = true)]
async fn one_failure_below_the_threshold_stays_closed_and_the_next_opens() {
    let guard = small_guard();
    for _ in 0..6 {
        good(&guard).await.unwrap();
    }
    for _ in 0..4 {
        bad(&guard).await.unwrap_err();
    }
    assert_eq!(guard.snapshot().state, State::Closed);
    assert_eq!(guard.snapshot().failure_rate_percent, 40.0);
    bad(&guard).await.unwrap_err();
    assert_eq!(guard.snapshot().state, State::Open);
    assert_eq!(guard.snapshot().trips_total, 1);
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_does_no_io() {
    let guard = small_guard();
    open(&guard).await;
    tokio::time::advance(Duration::from_millis(400)).await;
    let attempts = Cell::new(0);
    let result = guard
        .call(AGAIN, classify, || {
            attempts.set(attempts.get() + 1);
            async { Ok(()) }
        })
        .await;
    assert_eq!(attempts.get(), 0);
    let failure = result.unwrap_err().into_failure(|Broken| Failure::Unreachable);
    assert_eq!(failure, Failure::BreakerOpen(600));
    assert_eq!(guard.snapshot().rejected_by_breaker_total, 1);
}

#[tokio::test(start_paused = true)]
async fn half_open_lets_exactly_the_permitted_probes_through() {
    let guard = small_guard();
    open(&guard).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    let attempts = Cell::new(0);
    let call = || {
        guard.call(ONCE, classify, || {
            attempts.set(attempts.get() + 1);
            async {
                tokio::time::sleep(Duration::from_millis(10)).await;
                Ok(())
            }
        })
    };
    let results = futures::future::join_all((0..50).map(|_| call())).await;
    assert_eq!(attempts.get(), 3);
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 3);
    assert_eq!(guard.snapshot().state, State::Closed);
}

#[tokio::test(start_paused = true)]
async fn probes_that_hang_do_not_keep_it_half_open_for_longer_than_it_may_be() {
    let text = format!("{SMALL}    max_wait_duration_in_half_open_ms = 500\n");
    let guard = Guard::with_clock("content", "redis", table(&text).policy("content", "redis"), clock());
    open(&guard).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    let patient = CallKind { deadline: Duration::from_secs(60), ..ONCE };
    let hang = || guard.call(patient, classify, std::future::pending::<Result<(), Broken>>);
    let mut probes = Box::pin(futures::future::join_all((0..3).map(|_| hang())));
    assert!(probes.as_mut().now_or_never().is_none());
    assert!(matches!(good(&guard).await, Err(GuardError::BreakerOpen(_))));
    assert_eq!(guard.snapshot().state, State::HalfOpen);
    tokio::time::advance(Duration::from_millis(500)).await;
    assert!(matches!(good(&guard).await, Err(GuardError::BreakerOpen(_))));
    assert_eq!(guard.snapshot().state, State::Open);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(good(&guard).await, Ok(()), "others probe, whatever became of those");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_future_gives_its_permit_back_a_thousand_times() {
    let guard = small_guard();
    let drop_one = || {
        let pending = guard.call(ONCE, classify, std::future::pending::<Result<(), Broken>>);
        assert!(pending.now_or_never().is_none());
    };
    (0..1_000).for_each(|_| drop_one());
    assert_eq!(guard.snapshot().in_flight, 0);
    assert_eq!(guard.snapshot().calls, 0);

    open(&guard).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    (0..1_000).for_each(|_| drop_one());
    assert_eq!(guard.snapshot().state, State::HalfOpen);
    assert_eq!(guard.snapshot().in_flight, 0);
    for _ in 0..3 {
        good(&guard).await.unwrap();
    }
    assert_eq!(guard.snapshot().state, State::Closed);
}

#[tokio::test(start_paused = true)]
async fn callers_who_give_up_on_a_target_that_hangs_open_its_breaker() {
    let guard = small_guard();
    for _ in 0..10 {
        let hanging = guard.call(CallKind { deadline: Duration::from_secs(30), ..ONCE }, classify, || {
            std::future::pending::<Result<(), Broken>>()
        });
        assert!(tokio::time::timeout(Duration::from_secs(2), hanging).await.is_err());
    }
    assert_eq!(guard.snapshot().state, State::Open);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_exceeds_its_deadline_counts_as_failed() {
    let guard = small_guard();
    let begun = tokio::time::Instant::now();
    let hanging = guard.call(ONCE, classify, std::future::pending::<Result<(), Broken>>);
    assert_eq!(hanging.await, Err(GuardError::DeadlineExceeded));
    assert_eq!(begun.elapsed(), ONCE.deadline);
    let snapshot = guard.snapshot();
    assert_eq!((snapshot.failures, snapshot.deadlines_exceeded_total, snapshot.in_flight), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_callers_own_mistakes_leave_the_breaker_alone() {
    let guard = small_guard();
    for _ in 0..100 {
        let mistake = guard.call(ONCE, |_: &Result<(), Broken>| Verdict::Success, || async { Err(Broken) });
        assert_eq!(mistake.await, Err(GuardError::Failed(Broken)));
    }
    assert_eq!(guard.snapshot().state, State::Closed);
    assert_eq!(guard.snapshot().failures, 0);
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_call_is_repeated_and_another_is_not() {
    for (kind, expected_attempts) in [(AGAIN, 3), (ONCE, 1)] {
        let guard = small_guard();
        let attempts = Cell::new(0);
        let result = guard
            .call(kind, classify, || {
                attempts.set(attempts.get() + 1);
                async { Err(Broken) }
            })
            .await;
        assert_eq!(result, Err(GuardError::Failed(Broken)));
        assert_eq!(attempts.get(), expected_attempts);
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_succeeds_is_the_result() {
    let guard = small_guard();
    let attempts = Cell::new(0);
    let result = guard
        .call(AGAIN, classify, || {
            attempts.set(attempts.get() + 1);
            std::future::ready(if attempts.get() < 3 { Err(Broken) } else { Ok(()) })
        })
        .await;
    assert_eq!(result, Ok(()));
    assert_eq!(guard.snapshot().retries_total, 2);
}

#[tokio::test(start_paused = true)]
async fn retries_add_no_more_than_a_fifth_to_the_load() {
    let policy =
        table("[defaults.breaker]\nminimum_calls = 1000000\n[defaults.breaker.sliding_window]\nseconds = 10")
            .policy("content", "redis");
    let guard = Guard::with_clock("content", "redis", policy, clock());
    let attempts = Cell::new(0_u32);
    for _ in 0..5_000 {
        let _ = guard
            .call(AGAIN, classify, || {
                attempts.set(attempts.get() + 1);
                async { Err(Broken) }
            })
            .await;
    }
    let reserve = Policy::default().retry.budget_reserve;
    let retries = attempts.get() - 5_000;
    assert!((900..=1_000 + reserve).contains(&retries), "{retries} retries");
}

#[tokio::test(start_paused = true)]
async fn a_full_bulkhead_is_overloaded_and_no_failure_of_the_target() {
    let policy =
        table("[defaults.bulkhead]\nmax_concurrent_calls = 2\nmax_waiting_calls = 0").policy("a", "b");
    let guard = Guard::with_clock("a", "b", policy, clock());
    let slow = || {
        guard.call(ONCE, classify, || async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok(())
        })
    };
    let (first, second, third) = tokio::join!(slow(), slow(), slow());
    assert_eq!((first, second), (Ok(()), Ok(())));
    assert_eq!(third.unwrap_err().into_failure(|Broken| Failure::Unreachable), Failure::Overloaded);
    let snapshot = guard.snapshot();
    assert_eq!((snapshot.calls, snapshot.rejected_by_bulkhead_total), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_registry_keeps_one_guard_for_each_pair_and_reloads_it_alive() {
    let registry = GuardRegistry::with_clock(table(SMALL), clock());
    let guard = registry.guard("content", "redis");
    assert!(Arc::ptr_eq(&guard, &registry.guard("content", "redis")));
    assert!(!Arc::ptr_eq(&guard, &registry.guard("playback", "redis")));

    for _ in 0..9 {
        bad(&guard).await.unwrap_err();
    }
    registry.reload(table(
        "[targets.redis.breaker]\nminimum_calls = 9\n[targets.redis.bulkhead]\nmax_concurrent_calls = 7",
    ));
    assert_eq!(guard.snapshot().failures, 9);
    assert_eq!(guard.snapshot().max_concurrent_calls, 7);
    bad(&guard).await.unwrap_err();
    assert_eq!(guard.snapshot().state, State::Open);

    assert!(registry.reset("content", "redis"));
    assert!(!registry.reset("content", "kafka"));
    let states: Vec<_> =
        registry.snapshot().into_iter().map(|guard| (guard.caller, guard.target, guard.state)).collect();
    assert_eq!(
        states,
        [
            ("content".to_owned(), "redis".to_owned(), State::Closed),
            ("playback".to_owned(), "redis".to_owned(), State::Closed),
        ]
    );
}

#[test]
fn a_guard_is_shared_between_single_threaded_runtimes() {
    let policy = table("[defaults.bulkhead]\nmax_concurrent_calls = 2\nmax_wait_ms = 60000").policy("a", "b");
    let guard = Arc::new(Guard::new("a", "b", policy));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let guard = guard.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                let calls = (0..50).map(|_| {
                    guard.call(CallKind { deadline: Duration::from_secs(60), ..ONCE }, classify, || async {
                        tokio::task::yield_now().await;
                        Ok(())
                    })
                });
                runtime.block_on(futures::future::join_all(calls)).into_iter().for_each(|r| r.unwrap());
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let snapshot = guard.snapshot();
    assert_eq!((snapshot.calls, snapshot.in_flight, snapshot.waiting), (100, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn whoever_can_do_without_is_let_through_a_closed_breaker_only() {
    let guard = small_guard();
    let attempt = || guard.call_if_closed(Duration::from_millis(10), classify, || async { Ok(()) });
    assert_eq!(attempt().await, Ok(()));
    for _ in 0..9 {
        bad(&guard).await.unwrap_err();
    }
    assert!(matches!(attempt().await, Err(GuardError::BreakerOpen(_))), "open");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(matches!(attempt().await, Err(GuardError::BreakerOpen(_))), "half-open: it takes no probe");
    for _ in 0..3 {
        good(&guard).await.unwrap();
    }
    assert_eq!(attempt().await, Ok(()), "closed again");
}

#[tokio::test(start_paused = true)]
async fn patience_is_the_deadline_and_ends_without_a_retry() {
    let (guard, attempts) = (small_guard(), Cell::new(0));
    let hang = || {
        attempts.set(attempts.get() + 1);
        std::future::pending::<Result<(), Broken>>()
    };
    let begun = tokio::time::Instant::now();
    let late = guard.call_if_closed(Duration::from_millis(10), classify, hang).await;
    assert_eq!((late, attempts.get()), (Err(GuardError::DeadlineExceeded), 1));
    assert_eq!(begun.elapsed(), Duration::from_millis(10));
}

/// Opens at the first failure; probes after 1 s.
const STRICT: &str = "
    [defaults.breaker]
    sliding_window = { calls = 1 }
    minimum_calls = 1
    wait_duration_in_open_ms = 1000
";
/// Places of a target that have a guard each.
const PLACES_MAX: usize = 1_000;

fn places(registry: &GuardRegistry) -> Vec<String> {
    registry.snapshot().into_iter().filter_map(|guard| guard.place).collect()
}

#[tokio::test(start_paused = true)]
async fn each_place_of_a_target_has_a_guard_of_its_own() {
    let text = "[callers.auth.clients.breaker]\nminimum_calls = 1\nsliding_window = { calls = 1 }";
    let registry = GuardRegistry::with_clock(table(text), clock());
    let (sick, well) = (registry.guard_at("auth", "clients", "a"), registry.guard_at("auth", "clients", "b"));
    bad(&sick).await.unwrap_err();
    assert_eq!(sick.snapshot().state, State::Open, "the policy is the target's");
    assert_eq!((well.snapshot().state, well.target()), (State::Closed, "clients"));
    assert_eq!(well.snapshot().place.as_deref(), Some("b"));
    assert!(Arc::ptr_eq(&sick, &registry.guard_at("auth", "clients", "a")));
    registry.reload(table("[targets.clients.bulkhead]\nmax_concurrent_calls = 3"));
    assert_eq!(well.snapshot().max_concurrent_calls, 3);
    assert!(registry.reset("auth", "clients"));
    assert_eq!(sick.snapshot().state, State::Closed);
}

#[tokio::test(start_paused = true)]
async fn the_place_that_was_used_longest_ago_is_forgotten_for_another() {
    let registry = GuardRegistry::with_clock(table(STRICT), clock());
    let at = |place: &str| registry.guard_at("upload", "sources", place);
    let flood = |from: usize| (from..from + PLACES_MAX).for_each(|number| drop(at(&number.to_string())));
    let kept = |place: &str| places(&registry).contains(&place.to_owned());
    bad(&at("shut")).await.unwrap_err();
    let busy = at("busy");
    let mut calling = pin!(busy.call(ONCE, classify, std::future::pending::<Result<(), Broken>>));
    assert!(calling.as_mut().now_or_never().is_none());
    for place in 2..PLACES_MAX {
        at(&format!("place-{place}"));
    }
    at("place-2");
    assert_eq!(places(&registry).len(), PLACES_MAX);
    at("new");
    assert_eq!(places(&registry).len(), PLACES_MAX);
    assert!(kept("new") && kept("place-2") && !kept("place-3"), "it was used since");

    flood(0);
    assert!(!kept("new") && !kept("place-2"));
    assert!(kept("shut") && kept("busy"), "it is shut, or called");
    assert_eq!(places(&registry).len(), PLACES_MAX);
    tokio::time::advance(Duration::from_secs(1)).await;
    flood(PLACES_MAX);
    assert!(!kept("shut") && kept("busy"), "a probe would be let through, as a first call is");
}

#[tokio::test(start_paused = true)]
async fn places_share_a_guard_while_none_can_be_forgotten() {
    let registry = GuardRegistry::with_clock(table(STRICT), clock());
    let at = |place: &str| registry.guard_at("upload", "sources", place);
    let mut kept: Vec<_> = (0..PLACES_MAX).map(|place| at(&place.to_string())).collect();
    let shared = registry.guard("upload", "sources");
    assert!(Arc::ptr_eq(&at("new"), &shared) && Arc::ptr_eq(&at("newer"), &shared));
    assert!(kept.iter().any(|guard| Arc::ptr_eq(guard, &at("0"))));
    kept.truncate(PLACES_MAX - 1);
    assert!(!Arc::ptr_eq(&at("new"), &shared));
    assert_eq!(places(&registry).len(), PLACES_MAX);
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_stays_counted_without_its_name() {
    let registry = GuardRegistry::with_clock(table(STRICT), clock());
    for place in 0..2 * PLACES_MAX {
        let guard = registry.guard_at("upload", "sources", &format!("place-{place}"));
        bad(&guard).await.unwrap_err();
        assert!(matches!(bad(&guard).await, Err(GuardError::BreakerOpen(_))));
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    let busy = registry.guard_at("upload", "sources", "busy");
    let mut calling = pin!(busy.call(ONCE, classify, std::future::pending::<Result<(), Broken>>));
    assert!(calling.as_mut().now_or_never().is_none());
    let counted = registry.snapshot_by_target();
    assert_eq!(counted.len(), 1);
    let sources = counted.first().unwrap();
    assert_eq!((sources.target.as_str(), sources.place.as_deref()), ("sources", None));
    assert_eq!((sources.trips_total, sources.rejected_by_breaker_total), (2_000, 2_000));
    assert_eq!((sources.state, sources.in_flight), (State::Closed, 1));
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = self.0.lock().unwrap();
        event.record(&mut |field: &Field, value: &dyn Debug| write!(text, "{field}={value:?} ").unwrap());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn the_log_does_not_tell_a_place() {
    let registry = GuardRegistry::with_clock(table(STRICT), clock());
    let log = Log::default();
    let logging = tracing::subscriber::set_default(log.clone());
    bad(&registry.guard_at("upload", "sources", "files.example")).await.unwrap_err();
    drop(logging);
    let logged = log.0.lock().unwrap();
    assert!(logged.contains("circuit breaker opened") && logged.contains("target=\"sources\""), "{logged}");
    assert!(!logged.contains("files.example"), "{logged}");
}
