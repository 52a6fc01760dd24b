//! The memory as components use it, on a clock that the test moves.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests may fail as tests do")]

use mcsp_bridge_api::Failure;
use mcsp_bridge_api::memory::{Condition, Deposit, Entry, Listing, Outcome, Removal, Step};
use mcsp_guard::Clock;
use mcsp_memory::{Memories, Memory, MemoryConfig};
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

const MINUTE_MS: u64 = 60_000;

#[derive(Debug, Default)]
struct TestClock(AtomicU64);

impl TestClock {
    fn pass(&self, ms: u64) {
        self.0.fetch_add(ms, SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(SeqCst))
    }
}

fn memory(config: MemoryConfig) -> (Memory, Arc<TestClock>) {
    let clock = Arc::new(TestClock::default());
    (Memories::with_clock(config, clock.clone()).of("a", &["a:".to_owned()]), clock)
}

fn deposit(key: &str, value: &str, ttl_ms: Option<u64>, condition: Condition) -> Deposit {
    let ttl_ms = ttl_ms.map(|ms| u32::try_from(ms).unwrap());
    Deposit { key: key.to_owned(), value: value.as_bytes().to_vec(), ttl_ms, condition }
}

fn one(memory: &Memory, step: Step) -> Outcome {
    memory.exchange(vec![step]).unwrap().pop().unwrap()
}

fn keep(memory: &Memory, key: &str, value: &str, ttl_ms: Option<u64>, condition: Condition) -> bool {
    match one(memory, Step::Keep(deposit(key, value, ttl_ms, condition))) {
        Outcome::Done(kept) => kept,
        Outcome::Entries(_) => panic!("keep is done or not"),
    }
}

fn entries(memory: &Memory, step: Step) -> Vec<Entry> {
    match one(memory, step) {
        Outcome::Entries(entries) => entries,
        Outcome::Done(_) => panic!("a look gives entries"),
    }
}

fn recall(memory: &Memory, key: &str) -> Option<(String, u64)> {
    let found = entries(memory, Step::Recall(key.to_owned())).pop()?;
    assert_eq!(found.key, key);
    Some((String::from_utf8(found.value).unwrap(), found.version))
}

fn value(memory: &Memory, key: &str) -> Option<String> {
    recall(memory, key).map(|(value, _)| value)
}

fn is_held(memory: &Memory, key: &str) -> bool {
    entries(memory, Step::Recall(key.to_owned())).pop().unwrap().held
}

fn held(memory: &Memory) -> Vec<String> {
    let listing = Listing { prefix: "a:".to_owned(), limit: 100 };
    entries(memory, Step::Held(listing)).into_iter().map(|entry| entry.key).collect()
}

#[test]
fn a_copy_is_there_until_it_runs_out() {
    let (memory, clock) = memory(MemoryConfig::default());
    assert!(keep(&memory, "a:1", "x", Some(MINUTE_MS), Condition::Always));
    clock.pass(MINUTE_MS - 1);
    let found = entries(&memory, Step::Recall("a:1".to_owned())).pop().unwrap();
    assert_eq!((found.value.as_slice(), found.age_ms), (b"x".as_slice(), MINUTE_MS - 1));
    clock.pass(1);
    assert_eq!(value(&memory, "a:1"), None);
    assert!(keep(&memory, "a:1", "y", Some(MINUTE_MS), Condition::Absent), "what has run out is not there");
}

#[test]
fn what_is_held_stays_until_it_is_kept_as_a_copy() {
    let (memory, clock) = memory(MemoryConfig::default());
    for key in ["a:2", "a:1", "a:3"] {
        assert!(keep(&memory, key, "mine", None, Condition::Always));
    }
    assert!(keep(&memory, "a:2", "newer", None, Condition::Always));
    clock.pass(1_000_000 * MINUTE_MS);
    assert!(!keep(&memory, "a:1", "theirs", Some(MINUTE_MS), Condition::Absent));
    assert_eq!(held(&memory), ["a:1", "a:3", "a:2"], "what was kept the longest ago first");
    assert!(is_held(&memory, "a:2"));
    let (_, version) = recall(&memory, "a:2").unwrap();
    assert!(keep(&memory, "a:2", "newer", Some(MINUTE_MS), Condition::Unchanged(version)));
    assert_eq!(held(&memory), ["a:1", "a:3"]);
    assert_eq!(value(&memory, "a:2").as_deref(), Some("newer"), "now a copy");
    assert!(!is_held(&memory, "a:2"));
}

#[test]
fn only_the_version_that_was_seen_is_changed_or_forgotten() {
    let (memory, _) = memory(MemoryConfig::default());
    assert!(keep(&memory, "a:1", "x", None, Condition::Absent));
    assert!(!keep(&memory, "a:1", "y", None, Condition::Absent));
    let (_, first) = recall(&memory, "a:1").unwrap();
    assert!(keep(&memory, "a:1", "y", None, Condition::Unchanged(first)));
    assert!(!keep(&memory, "a:1", "z", None, Condition::Unchanged(first)));
    let forget = |version| one(&memory, Step::Forget(Removal { key: "a:1".to_owned(), version }));
    assert_eq!(forget(first), Outcome::Done(false));
    let (_, second) = recall(&memory, "a:1").unwrap();
    assert_eq!(forget(second), Outcome::Done(true));
    assert_eq!(value(&memory, "a:1"), None);
    assert!(!keep(&memory, "a:1", "z", None, Condition::Unchanged(second)));
}

#[test]
fn threads_that_count_together_lose_nothing() {
    let (memory, _) = memory(MemoryConfig::default());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..500).for_each(|_| count(&memory)));
        }
    });
    assert_eq!(value(&memory, "a:count").as_deref(), Some("4000"));
}

fn count(memory: &Memory) {
    loop {
        let (so_far, condition) = match recall(memory, "a:count") {
            Some((value, version)) => (value.parse::<u32>().unwrap(), Condition::Unchanged(version)),
            None => (0, Condition::Absent),
        };
        if keep(memory, "a:count", &(so_far + 1).to_string(), Some(MINUTE_MS), condition) {
            return;
        }
    }
}

#[test]
fn copies_make_room_and_what_is_held_is_refused() {
    let config = MemoryConfig { max_copy_bytes: 100_000, max_held_bytes: 10_000, ..MemoryConfig::default() };
    let clock = Arc::new(TestClock::default());
    let memories = Memories::with_clock(config, clock);
    let memory = memories.of("a", &["a:".to_owned()]);
    let large = "x".repeat(1_000);
    for number in 0..1_000 {
        assert!(keep(&memory, &format!("a:{number}"), &large, Some(MINUTE_MS), Condition::Always));
    }
    assert_eq!(value(&memory, "a:999").as_deref(), Some(large.as_str()), "the newest is there");
    let found = (0..1_000).filter(|number| value(&memory, &format!("a:{number}")).is_some()).count();
    assert!((10..900).contains(&found), "{found}");
    let mine = (0..100).filter(|n| keep(&memory, &format!("a:held{n}"), &large, None, Condition::Always));
    assert_eq!(mine.count(), 7, "with 1000 bytes of value each, some of key and 256 of its own");
    let usage = memories.usage()["a"];
    assert_eq!((usage.held, usage.refused_total), (7, 93));
    assert!(usage.held_bytes <= 10_000);
    let (_, version) = recall(&memory, "a:held0").unwrap();
    assert!(keep(&memory, "a:held0", &large, None, Condition::Unchanged(version)), "it takes its own room");
    assert_eq!(held(&memory).last().map(String::as_str), Some("a:held0"));
}

#[test]
fn a_key_outside_the_grant_is_refused_and_so_is_what_is_too_large() {
    let (memory, _) = memory(MemoryConfig::default());
    let not_granted = Err(Failure::NotGranted("memory b:".to_owned()));
    for step in [
        Step::Recall("b:1".to_owned()),
        Step::Keep(deposit("b:1", "x", None, Condition::Always)),
        Step::Forget(Removal { key: "b:1".to_owned(), version: 0 }),
        Step::Held(Listing { prefix: "b:".to_owned(), limit: 1 }),
    ] {
        let keeping = Step::Keep(deposit("a:1", "x", None, Condition::Always));
        assert_eq!(memory.exchange(vec![keeping, step]), not_granted);
        assert_eq!(value(&memory, "a:1"), None, "no step was taken");
    }
    let large = Step::Keep(deposit("a:1", &"x".repeat((64 << 10) + 1), None, Condition::Always));
    assert_eq!(memory.exchange(vec![large]), Err(Failure::Refused("value-too-large".to_owned())));
    let many = vec![Step::Recall("a:1".to_owned()); 257];
    assert_eq!(memory.exchange(many), Err(Failure::Refused("too-many-steps".to_owned())));
}

#[test]
fn services_have_memories_of_their_own_and_components_share_their_services() {
    let memories = Memories::default();
    let all = ["a:".to_owned()];
    let (first, second, other) = (memories.of("a", &all), memories.of("a", &all), memories.of("b", &all));
    assert!(keep(&first, "a:1", "x", Some(MINUTE_MS), Condition::Always));
    assert_eq!(value(&second, "a:1").as_deref(), Some("x"));
    assert_eq!(value(&other, "a:1"), None);
}

proptest! {
    /// Against a plain map, where there is room for all and nothing runs out.
    #[test]
    fn it_is_a_map(steps in prop::collection::vec((0..4_u8, 0..3_usize, any::<bool>()), 0..60)) {
        let (memory, _) = memory(MemoryConfig::default());
        let mut map: HashMap<usize, String> = HashMap::new();
        for (turn, (action, key, holds)) in steps.into_iter().enumerate() {
            let (name, ttl_ms) = (format!("a:{key}"), (!holds).then_some(MINUTE_MS));
            match action {
                0 => {
                    prop_assert!(keep(&memory, &name, &turn.to_string(), ttl_ms, Condition::Always));
                    map.insert(key, turn.to_string());
                }
                1 => {
                    let kept = keep(&memory, &name, &turn.to_string(), ttl_ms, Condition::Absent);
                    prop_assert_eq!(kept, !map.contains_key(&key));
                    map.entry(key).or_insert_with(|| turn.to_string());
                }
                2 => {
                    if let Some((_, version)) = recall(&memory, &name) {
                        one(&memory, Step::Forget(Removal { key: name.clone(), version }));
                    }
                    map.remove(&key);
                }
                _ => {}
            }
            prop_assert_eq!(value(&memory, &name), map.get(&key).cloned());
        }
    }
}
