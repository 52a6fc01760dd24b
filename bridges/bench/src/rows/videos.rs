//! Reading, listing and searching videos, with many of them against few: what is asked must not cost more for what others have.

use super::Bench;
use super::playback::CONNECTIONS;
use super::steady::{Latency, OTHERS, all_answered};
use crate::load::Load;
use crate::page::{Goal, Row};
use anyhow::Context;
use mcsp_tests::{OwnPlatform, many_videos};
use serde_json::Value;
use tokio::runtime::Runtime;

const FEW: u32 = 1_000;
const MANY: u32 = 100_000;
/// Flat, but for the deeper index.
const GOAL: f64 = 1.2;

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (few, many) = (Side::with(&runtime, FEW)?, Side::with(&runtime, MANY)?);
    let mut rows = Vec::new();
    for (what, few_load, many_load) in [
        ("reading a video", &few.read, &many.read),
        ("listing one's own", &few.list, &many.list),
        ("searching", &few.search, &many.search),
    ] {
        rows.extend(compared(bench, what, (&few, few_load), (&many, many_load))?);
    }
    runtime.block_on(few.platform.stop());
    runtime.block_on(many.platform.stop());
    Ok(rows)
}

/// A platform with so many videos, and what is asked of it.
struct Side {
    platform: OwnPlatform,
    url: String,
    read: Load,
    list: Load,
    search: Load,
}

impl Side {
    fn with(runtime: &Runtime, videos: u32) -> anyhow::Result<Self> {
        runtime.block_on(async {
            let platform = OwnPlatform::start().await;
            let client = platform.client();
            let creator = client.account("creator").await;
            many_videos(&platform, &creator, videos).await;
            let own = creator.get("/v1/videos?state=published&limit=1").await.expect(200);
            let id = own.pointer("/items/0/id").and_then(Value::as_str).context("there is no video")?;
            let list = Load {
                tokens: vec![creator.token.clone()],
                ..Load::get("/v1/videos?limit=20", CONNECTIONS, "items")
            };
            Ok(Side {
                url: client.url().to_owned(),
                read: Load::get(format!("/v1/videos/{id}"), CONNECTIONS, "published"),
                list,
                search: Load::get("/v1/search?q=%22word3%22&limit=20", CONNECTIONS, "word3"),
                platform,
            })
        })
    }
}

fn compared(
    bench: &Bench,
    what: &str,
    (few, few_load): (&Side, &Load),
    (many, many_load): (&Side, &Load),
) -> anyhow::Result<[Row; 2]> {
    let per_second = bench.capacity(many_load, &many.url)? * OTHERS;
    let (mut with_few, mut with_many) = (Latency::default(), Latency::default());
    for _ in 0..bench.rounds {
        with_few.take(&all_answered(bench, few_load, &few.url, per_second)?);
        with_many.take(&all_answered(bench, many_load, &many.url, per_second)?);
    }
    let row = |quantile, samples| Row {
        figure: format!("{what}, {quantile}: {MANY} videos ÷ {FEW}"),
        samples,
        unit: "",
        goal: Some(Goal::AtMost(GOAL)),
        made_of: format!("open loop, {per_second:.0} req/s; many {with_many}; few {with_few}"),
    };
    Ok([
        row("p50", with_many.p50_ms.over(&with_few.p50_ms)),
        row("p99", with_many.p99_ms.over(&with_few.p99_ms)),
    ])
}
