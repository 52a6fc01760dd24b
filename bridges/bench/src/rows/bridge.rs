//! What the breaker costs a call, and what it spares when it is open.

use super::Bench;
use crate::page::{Goal, Row};
use crate::rounds::Samples;
use anyhow::Context;
use mcsp_bridge_api::redis::Operation;
use mcsp_guard::{CallKind, Guard, PolicyTable, Verdict};
use mcsp_redis::{Connection, KeyGrant, Redis, RedisConfig};
use mcsp_tests::OwnPlatform;
use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

const EMPTY_CALLS: u32 = 200_000;
const REDIS_CALLS: u32 = 5_000;

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let platform = OwnPlatform::start().await;
        let url = platform.redis_url();
        let rows = closed(bench, &url).await;
        platform.stop().await;
        rows
    })
}

/// The breaker's own time is some hundred nanoseconds, a round trip's spread some microseconds: side by side
/// the first would drown. So each is measured by itself.
async fn closed(bench: &Bench, url: &str) -> anyhow::Result<Vec<Row>> {
    let guard = || Guard::new("bench", "redis", PolicyTable::default().policy("bench", "redis"));
    let connection = Arc::new(Connection::new(RedisConfig::at(url)).context("the URL of Redis")?);
    let redis = Redis::new(connection, Arc::new(guard()), KeyGrant::new(&["bench:".to_owned()]));
    let empty = guard();
    let (mut guard_ns, mut call_ns) = (Samples::default(), Samples::default());
    for _ in 0..bench.rounds {
        guard_ns.push(guarded_nothing(&empty).await);
        call_ns.push(round_trips(&redis).await?);
    }
    let bare_ns: Samples = call_ns.minus(&guard_ns);
    Ok(vec![Row {
        figure: "a call through a closed breaker ÷ a bare call".to_owned(),
        samples: call_ns.over(&bare_ns),
        unit: "",
        goal: Some(Goal::AtMost(1.01)),
        made_of: format!(
            "GET from Redis {:.1} µs, of it breaker, bulkhead, deadline and retry budget {:.0} ns",
            call_ns.median() / 1e3,
            guard_ns.median()
        ),
    }])
}

async fn guarded_nothing(guard: &Guard) -> f64 {
    let kind = CallKind { idempotent: true, deadline: Duration::from_secs(1) };
    let begun = Instant::now();
    for _ in 0..EMPTY_CALLS {
        let done: Result<(), _> =
            guard.call(kind, |_| Verdict::Success, || async { Ok::<_, Infallible>(()) }).await;
        black_box(done).ok();
    }
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(EMPTY_CALLS)
}

async fn round_trips(redis: &Redis) -> anyhow::Result<f64> {
    let begun = Instant::now();
    for _ in 0..REDIS_CALLS {
        let get = Operation::Command(vec![b"GET".to_vec(), b"bench:nothing".to_vec()]);
        redis.pipeline(vec![get]).await.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
    }
    Ok(begun.elapsed().as_secs_f64() * 1e9 / f64::from(REDIS_CALLS))
}
