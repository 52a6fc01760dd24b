//! Hashing and checking through guard, queue and threads.

#![allow(clippy::unwrap_used, reason = "test fixtures fail the test that calls them")]

use futures::future::join_all;
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::passwords::Verdict;
use mcsp_guard::{Guard, Policy, State};
use mcsp_passwords::{HashingPool, MAX_PASSWORD_BYTES, Passwords, PasswordsConfig};
use std::num::NonZeroUsize;
use std::sync::Arc;

fn one_thread() -> PasswordsConfig {
    PasswordsConfig { threads: NonZeroUsize::new(1), deadline_ms: 60_000, ..PasswordsConfig::default() }
}

fn passwords(config: &PasswordsConfig) -> (Passwords, Arc<Guard>) {
    let mut policy = Policy::default();
    policy.breaker.slow_call_duration_threshold_ms = 600_000;
    let guard = Arc::new(Guard::new("auth", "passwords", policy));
    let pool = HashingPool::start(config).unwrap();
    (Passwords::new(Arc::new(pool), guard.clone()), guard)
}

#[tokio::test]
async fn a_password_is_recognised_and_another_is_not() {
    let (passwords, _) = passwords(&one_thread());
    let phc = passwords.hash("correct horse".into()).await.unwrap();
    assert_eq!(passwords.verify("correct horse".into(), Some(phc.clone())).await, Ok(Verdict::Right));
    assert_eq!(passwords.verify("battery staple".into(), Some(phc)).await, Ok(Verdict::Wrong));
}

#[tokio::test]
async fn more_calls_than_the_queue_holds_are_overloaded_and_the_others_succeed() {
    let queue = NonZeroUsize::new(2).unwrap();
    let (passwords, guard) =
        passwords(&PasswordsConfig { max_queued_calls_per_thread: queue, ..one_thread() });
    let results = join_all((0..20).map(|_| passwords.hash("correct horse".into()))).await;
    let overloaded = results.iter().filter(|result| **result == Err(Failure::Overloaded)).count();
    let hashed = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(overloaded + hashed, 20);
    // The queue, and what the thread took out of it while the others came.
    assert!((2..10).contains(&hashed), "{hashed} hashed");
    assert_eq!(guard.snapshot().state, State::Closed);
    assert_eq!(guard.snapshot().failures, 0);
}

#[tokio::test]
async fn a_call_ends_at_its_deadline() {
    let (passwords, guard) = passwords(&PasswordsConfig { deadline_ms: 1, ..one_thread() });
    let results = join_all((0..16).map(|_| passwords.hash("correct horse".into()))).await;
    assert!(results.iter().all(|result| *result == Err(Failure::DeadlineExceeded)), "{results:?}");
    assert_eq!(guard.snapshot().deadlines_exceeded_total, 16);
}

#[tokio::test]
async fn a_password_over_the_bound_and_a_broken_hash_are_the_callers_mistakes() {
    let (passwords, guard) = passwords(&one_thread());
    let long = "x".repeat(MAX_PASSWORD_BYTES + 1);
    let refused = Failure::Refused("password-too-long".into());
    assert_eq!(passwords.hash(long.clone()).await, Err(refused.clone()));
    assert_eq!(passwords.verify(long, None).await, Err(refused));
    let refused = Failure::Refused("malformed-hash".into());
    assert_eq!(passwords.verify("x".into(), Some("plain text".into())).await, Err(refused));
    assert!(passwords.hash("x".repeat(MAX_PASSWORD_BYTES)).await.is_ok());
    assert_eq!(guard.snapshot().failures, 0);
}

#[tokio::test]
async fn hashing_leaves_the_event_loop_free() {
    let (passwords, _) = passwords(&one_thread());
    let hashing = tokio::spawn(async move { passwords.hash("correct horse".into()).await });
    let mut turns = 0_u32;
    while !hashing.is_finished() {
        tokio::task::yield_now().await;
        turns += 1;
    }
    assert!(hashing.await.unwrap().is_ok());
    assert!(turns > 100, "the event loop turned {turns} times while a password was hashed");
}
