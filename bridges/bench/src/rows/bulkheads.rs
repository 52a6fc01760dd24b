//! The start of a playback session while slow queries hold all that other services have of Postgres, and every other function
//! serves as much as it may, against the same start while they are idle.

use super::Bench;
use super::playback::{STREAM_LIMIT, starts};
use super::steady::{Latency, STEADY, all_answered};
use crate::page::{Goal, Row};
use anyhow::Context;
use mcsp_tests::{Flood, OwnPlatform, variable};

const GOAL: f64 = 1.1;

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let policies = Flood::policies();
    let variables = [STREAM_LIMIT, ("MCSP_POLICIES", policies.to_str().context("the policies")?)];
    let platform = runtime.block_on(OwnPlatform::start_with(&[], &variables));
    let client = platform.client();
    let (load, account) =
        runtime.block_on(async { (starts(&client).await, client.account("creator").await) });
    let token = variable(&platform.environment(), "MCSP_BRIDGE_TOKEN");
    let url = client.url().to_owned();
    let per_second = load.run(&url, bench.load)?.per_second * STEADY;
    let (mut calm, mut flooded) = (Latency::default(), Latency::default());
    for _ in 0..bench.rounds {
        calm.take(&all_answered(bench, &load, &url, per_second)?);
        let flood = runtime.block_on(Flood::begin(&platform, &account, &token));
        flooded.take(&all_answered(bench, &load, &url, per_second)?);
        runtime.block_on(flood.end());
    }
    runtime.block_on(platform.stop());
    Ok(vec![Row {
        figure: "playback session start, p99: every other function at its limit ÷ none".to_owned(),
        samples: flooded.p99_ms.over(&calm.p99_ms),
        unit: "",
        goal: Some(Goal::AtMost(GOAL)),
        made_of: format!(
            "open loop, {per_second:.0} starts/s, all answered; the others full {flooded}; idle {calm}"
        ),
    }])
}
