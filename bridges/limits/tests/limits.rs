//! Limits as components meet them, on a clock that the test moves.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may fail as tests do")]

use mcsp_bridge_api::limits::{Standing, Subject};
use mcsp_guard::Clock;
use mcsp_limits::{ComponentLimits, LimitTable, Limiter, RatesOverride};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

#[derive(Debug, Default)]
struct TestClock(AtomicU64);

impl TestClock {
    fn pass(&self, duration: Duration) {
        self.0.fetch_add(u64::try_from(duration.as_nanos()).unwrap(), SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(SeqCst))
    }
}

const KEYS: usize = 4_096;

/// A user may ask once a second, three times at once; a network twice as much.
fn table() -> LimitTable {
    toml::from_str(
        "defaults.user = { per_minute = 60, burst = 3 }\n\
         defaults.address = { per_minute = 120, burst = 6 }",
    )
    .unwrap()
}

fn limiter() -> (Limiter, Arc<TestClock>) {
    let clock = Arc::new(TestClock::default());
    (Limiter::with_clock(table(), clock.clone(), KEYS), clock)
}

fn user(name: &str) -> Subject {
    Subject::User(name.to_owned())
}

fn taken_of(attempts: usize, limits: &ComponentLimits, subject: &Subject) -> usize {
    (0..attempts).filter(|_| limits.take(subject).wait_ms == 0).count()
}

#[test]
fn a_burst_goes_through_and_then_as_much_as_the_rate_gives() {
    let (limiter, clock) = limiter();
    let search = limiter.component("content-search", RatesOverride::default());
    let first = search.take(&user("ada"));
    assert_eq!(first, Standing { wait_ms: 0, quota: 3, window_ms: 3_000, remaining: 2, reset_ms: 1_000 });
    assert_eq!(taken_of(10, &search, &user("ada")), 2);
    let refused = search.take(&user("ada"));
    assert_eq!((refused.wait_ms, refused.remaining, refused.reset_ms), (1_000, 0, 3_000));
    clock.pass(Duration::from_millis(1_000));
    assert_eq!(taken_of(10, &search, &user("ada")), 1);
    clock.pass(Duration::from_secs(3_600));
    assert_eq!(taken_of(10, &search, &user("ada")), 3);
}

#[test]
fn who_asks_too_much_takes_nothing_from_others_nor_from_other_components() {
    let (limiter, _) = limiter();
    let search = limiter.component("content-search", RatesOverride::default());
    let playback = limiter.component("playback-sessions", RatesOverride::default());
    assert_eq!(taken_of(1_000, &search, &user("eager")), 3);
    assert_eq!(taken_of(3, &search, &user("ada")), 3);
    assert_eq!(taken_of(3, &playback, &user("eager")), 3);
    let network = Subject::Address("eager".to_owned());
    assert_eq!(taken_of(1_000, &search, &network), 6, "a network is no user of the same name");
    let counts = limiter.counts();
    assert_eq!(counts.over["content-search"], (997, 994));
    assert_eq!(counts.over["playback-sessions"], (0, 0));
}

#[test]
fn threads_together_take_no_more_than_one_may() {
    let (limiter, _) = limiter();
    let search = limiter.component("content-search", RatesOverride::default());
    let taken = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| taken.fetch_add(taken_of(1_000, &search, &user("ada")) as u64, SeqCst));
        }
    });
    assert_eq!(taken.into_inner(), 3);
}

#[test]
fn a_flood_of_networks_neither_takes_memory_nor_frees_who_is_over_the_limit() {
    let (limiter, clock) = limiter();
    let search = limiter.component("content-search", RatesOverride::default());
    assert_eq!(taken_of(10, &search, &user("eager")), 3);
    // Each asks once: a hundred times more networks than there is room for, within half a second.
    for network in 0..100 * KEYS {
        if network % KEYS == 0 {
            clock.pass(Duration::from_millis(5));
        }
        let standing = search.take(&Subject::Address(network.to_string()));
        assert_eq!(standing.wait_ms, 0, "nobody pays for others");
    }
    assert!(limiter.counts().evicted > 0, "there was no room for all");
    assert_eq!(taken_of(10, &search, &user("eager")), 0, "who has asked the most is forgotten last");
}

#[test]
fn a_reload_changes_the_limits_of_everyone_and_gives_no_new_burst() {
    let (limiter, clock) = limiter();
    let written: RatesOverride = toml::from_str("user = { per_minute = 60, burst = 5 }").unwrap();
    let search = limiter.component("content-search", written);
    assert_eq!(taken_of(10, &search, &user("ada")), 5);
    let text = "components.content-search.user = { per_minute = 600, burst = 5 }";
    limiter.reload(toml::from_str(text).unwrap());
    assert_eq!(taken_of(10, &search, &user("ada")), 0);
    clock.pass(Duration::from_millis(100));
    assert_eq!(taken_of(10, &search, &user("ada")), 1);
    limiter.reload(LimitTable::default());
    assert_eq!(search.take(&user("new")).quota, 5, "the manifest's own is in force again");
}

#[test]
fn limits_that_are_not_enforced_are_counted_and_told_and_refuse_nobody() {
    let (limiter, _) = limiter();
    limiter.reload(LimitTable { enforced: false, ..table() });
    let search = limiter.component("content-search", RatesOverride::default());
    assert_eq!(taken_of(10, &search, &user("ada")), 10);
    assert_eq!(search.take(&user("ada")).remaining, 0);
    assert_eq!(limiter.counts().over, BTreeMap::from([("content-search".to_owned(), (8, 0))]));
}

#[test]
fn a_proof_is_taken_once_until_it_is_no_longer_good_whether_limits_are_enforced_or_not() {
    let clock = Arc::new(TestClock::default());
    let table = LimitTable { enforced: false, ..table() };
    let limiter = Limiter::with_clock(table, clock.clone(), KEYS);
    let proof = |name: &str| Subject::Proof(name.to_owned());
    let (one, other) = (
        limiter.component("content-search", RatesOverride::default()),
        limiter.component("content-videos", RatesOverride::default()),
    );
    assert_eq!(one.take(&proof("a")).wait_ms, 0);
    clock.pass(Duration::from_secs(100));
    assert_eq!(one.take(&proof("a")).wait_ms, 20_000);
    assert_eq!((one.take(&proof("b")).wait_ms, other.take(&proof("a")).wait_ms), (0, 0), "of its own each");
    clock.pass(Duration::from_secs(20));
    assert_eq!(one.take(&proof("a")).wait_ms, 0);
}
