//! Pipelines while Redis is away, hangs, or comes back.

use crate::support::{Mode, PATIENCE, Proxy, command, guard, prefix, redis_with, script};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::redis::Reply;
use mcsp_guard::{Policy, State};
use mcsp_redis::{Redis, RedisConfig};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// A breaker that tries again soon, so that tests need not wait for it.
fn impatient() -> Policy {
    let mut policy = Policy::default();
    policy.breaker.wait_duration_in_open_ms = 20;
    policy
}

async fn until_it_answers(redis: &Redis) {
    let begun = Instant::now();
    while redis.pipeline(vec![command("PING")]).await.is_err() {
        assert!(begun.elapsed() < PATIENCE, "no answer within {PATIENCE:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_cut_connection_is_made_anew() {
    let (proxy, p) = (Proxy::start().await, prefix());
    let redis = redis_with(RedisConfig::at(proxy.url()), guard(impatient()), &p);
    let count = || script("return redis.call('INCR', KEYS[1])", &format!("{p}count"));
    assert_eq!(redis.pipeline(vec![count()]).await, Ok(vec![Reply::Integer(1)]));
    proxy.set(Mode::Cut);
    assert_eq!(redis.pipeline(vec![command("PING")]).await, Err(Failure::Unreachable));
    proxy.set(Mode::Forward);
    until_it_answers(&redis).await;
    let last = redis.pipeline(vec![count(), command(&format!("DEL {p}count"))]).await;
    assert_eq!(last, Ok(vec![Reply::Integer(2), Reply::Integer(1)]));
}

#[tokio::test]
async fn a_write_is_never_repeated_by_the_bridge() {
    let (proxy, p) = (Proxy::start().await, prefix());
    let guard = guard(Policy::default());
    let redis = redis_with(RedisConfig::at(proxy.url()), guard.clone(), &p);
    redis.pipeline(vec![command("PING")]).await.unwrap();
    proxy.set(Mode::Cut);
    let write = redis.pipeline(vec![command(&format!("INCR {p}count"))]).await;
    assert_eq!(write, Err(Failure::Unreachable));
    assert_eq!(guard.snapshot().retries_total, 0);
    let read = redis.pipeline(vec![command(&format!("GET {p}count"))]).await;
    assert_eq!(read, Err(Failure::Unreachable));
    assert_eq!(guard.snapshot().retries_total, 2);
}

#[tokio::test]
async fn a_dead_redis_fails_fast_and_then_not_even_that_is_tried() {
    // Bound and dropped: nothing listens there.
    let address = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let guard = guard(Policy::default());
    let redis = redis_with(RedisConfig::at(format!("redis://{address}")), guard.clone(), "x:");
    for _ in 0..20 {
        assert_eq!(redis.pipeline(vec![command("SET x:1 1")]).await, Err(Failure::Unreachable));
    }
    assert_eq!(guard.snapshot().state, State::Open);
    let refused = redis.pipeline(vec![command("SET x:1 1")]).await;
    assert!(matches!(refused, Err(Failure::BreakerOpen(1..=5_000))), "{refused:?}");
}

#[tokio::test]
async fn an_open_breaker_opens_no_connection() {
    let proxy = Proxy::start().await;
    proxy.set(Mode::Cut);
    let guard = guard(Policy::default());
    let config = RedisConfig { reconnect_pause_ms: 0, ..RedisConfig::at(proxy.url()) };
    let redis = redis_with(config, guard.clone(), "x:");
    while guard.snapshot().state != State::Open {
        redis.pipeline(vec![command("SET x:1 1")]).await.unwrap_err();
    }
    let accepted = proxy.connections_accepted();
    for _ in 0..100 {
        let refused = redis.pipeline(vec![command("SET x:1 1")]).await;
        assert!(matches!(refused, Err(Failure::BreakerOpen(_))), "{refused:?}");
    }
    assert_eq!(proxy.connections_accepted(), accepted);
}

#[tokio::test]
async fn a_redis_that_hangs_costs_no_more_than_the_deadline() {
    let (proxy, p) = (Proxy::start().await, prefix());
    let config = RedisConfig { deadline_ms: 200, ..RedisConfig::at(proxy.url()) };
    let redis = redis_with(config, guard(impatient()), &p);
    redis.pipeline(vec![command("PING")]).await.unwrap();
    proxy.set(Mode::Stall);
    let waiting = (0..5).map(|_| redis.pipeline(vec![command("PING")]));
    let results = timeout(PATIENCE, futures::future::join_all(waiting)).await.expect("an answer");
    assert_eq!(results, vec![Err(Failure::DeadlineExceeded); 5]);
    proxy.set(Mode::Forward);
    until_it_answers(&redis).await;
}

#[tokio::test]
async fn a_redis_that_never_greets_costs_no_more_than_the_connect_timeout() {
    let proxy = Proxy::start().await;
    proxy.set(Mode::Stall);
    let config = RedisConfig { connect_timeout_ms: 100, deadline_ms: 10_000, ..RedisConfig::at(proxy.url()) };
    let redis = redis_with(config, guard(Policy::default()), "x:");
    let waiting = (0..5).map(|_| redis.pipeline(vec![command("SET x:1 1")]));
    let results = timeout(PATIENCE, futures::future::join_all(waiting)).await.expect("an answer");
    assert_eq!(results, vec![Err(Failure::Unreachable); 5]);
}

#[tokio::test]
async fn a_thousand_dropped_calls_leave_the_connection_well() {
    let p = prefix();
    let guard = guard(Policy::default());
    let redis = redis_with(RedisConfig::at(crate::support::redis_url()), guard.clone(), &p);
    redis.pipeline(vec![command("PING")]).await.unwrap();
    for _ in 0..1_000 {
        let call = redis.pipeline(vec![command(&format!("INCR {p}count"))]);
        assert!(futures::FutureExt::now_or_never(call).is_none());
        tokio::task::yield_now().await;
    }
    assert_eq!(guard.snapshot().in_flight, 0);
    let replies = redis.pipeline(vec![command("PING"), command(&format!("UNLINK {p}count"))]).await;
    assert_eq!(replies.unwrap()[0], Reply::Bulk(b"PONG".to_vec()));
}

#[tokio::test]
async fn whoever_can_do_without_waits_no_longer_than_it_has_patience() {
    let (proxy, p) = (Proxy::start().await, prefix());
    let config = RedisConfig { deadline_ms: 60_000, ..RedisConfig::at(proxy.url()) };
    let redis = redis_with(config, guard(Policy::default()), &p);
    redis.pipeline(vec![command("PING")]).await.unwrap();
    proxy.set(Mode::Stall);
    let asked = redis.try_pipeline(vec![command("PING")], Duration::from_millis(50));
    assert_eq!(timeout(PATIENCE, asked).await.expect("an answer"), Err(Failure::DeadlineExceeded));
}

#[tokio::test]
async fn whoever_can_do_without_is_no_probe() {
    let (proxy, p) = (Proxy::start().await, prefix());
    let guard = guard(impatient());
    let redis = redis_with(RedisConfig::at(proxy.url()), guard.clone(), &p);
    let attempt = || redis.try_pipeline(vec![command("PING")], Duration::from_secs(1));
    proxy.set(Mode::Cut);
    while guard.snapshot().state != State::Open {
        attempt().await.unwrap_err();
    }
    proxy.set(Mode::Forward);
    // Until a probe is due, after 20 ms, and then still: it is left to others.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(100) {
        assert!(matches!(attempt().await, Err(Failure::BreakerOpen(_))));
        tokio::task::yield_now().await;
    }
    until_it_answers(&redis).await;
    while guard.snapshot().state == State::HalfOpen {
        redis.pipeline(vec![command("PING")]).await.unwrap();
    }
    assert_eq!(attempt().await, Ok(vec![Reply::Bulk(b"PONG".to_vec())]));
}
