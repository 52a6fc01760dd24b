//! The start of a playback session while slow queries hold all that other services have of Postgres, and every other function
//! serves as much as it may, against the same start while they are idle.

use super::Bench;
use super::playback::{STREAM_LIMIT, starts};
use super::steady::{Beside, Disturbed, OTHERS, all_answered};
use crate::load::Load;
use crate::page::{Goal, Row};
use crate::pod::{OTHERS_CORE, POD_CORE, Pod, Spec, apart, clients, with_redis};
use crate::process::keep_here;
use anyhow::Context;
use mcsp_tests::{Account, Flood, OwnPlatform, variable};
use std::time::Duration;
use tokio::runtime::Runtime;

const GOAL: f64 = 1.1;
/// As long as a function may take. All at once, the others' requests would end all at once too, and begin again so.
const SPREAD: Duration = Duration::from_secs(10);

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let mut rows = vec![flooded(bench, Place::OneProcess)?];
    if std::thread::available_parallelism()?.get() > 1 {
        rows.push(apart(|| flooded(bench, Place::Pod))?);
    }
    Ok(rows)
}

/// Where the sessions are started.
#[derive(Clone, Copy)]
enum Place {
    OneProcess,
    Pod,
}

fn flooded(bench: &Bench, place: Place) -> anyhow::Result<Row> {
    let runtime = match place {
        Place::OneProcess => clients(None)?,
        Place::Pod => {
            // The stores are where the others are, but for the one that Playback asks.
            keep_here(OTHERS_CORE)?;
            clients(Some(OTHERS_CORE))?
        }
    };
    let policies = Flood::policies();
    let variables = [STREAM_LIMIT, ("MCSP_POLICIES", policies.to_str().context("the policies")?)];
    let platform = runtime.block_on(OwnPlatform::start_with(&[], &variables));
    let client = platform.client();
    let (load, account) =
        runtime.block_on(async { (starts(&platform).await, client.account("creator").await) });
    let flood = Source { runtime: &runtime, platform: &platform, account };
    let row = match place {
        Place::OneProcess => row(bench, ("in one process", Beside::EachCore), &load, client.url(), &flood),
        Place::Pod => in_a_pod(bench, &load, &flood, &variables),
    };
    runtime.block_on(platform.stop());
    row
}

fn in_a_pod(
    bench: &Bench,
    load: &Load,
    flood: &Source<'_>,
    variables: &[(&str, &str)],
) -> anyhow::Result<Row> {
    with_redis(flood.platform, flood.runtime)?;
    let environment = &flood.platform.environment();
    let pod = Pod::start(Spec {
        service: "playback",
        core: Some(POD_CORE),
        environment,
        variables,
        arguments: &[],
        scratch: bench.scratch(),
    })?;
    row(bench, ("in a pod with a core of its own", Beside::OthersCore), load, &pod.url(), flood)
}

/// Where the others' requests go to, and who asks.
struct Source<'a> {
    runtime: &'a Runtime,
    platform: &'a OwnPlatform,
    account: Account,
}

impl Source<'_> {
    fn begin(&self) -> Flood {
        let token = variable(&self.platform.environment(), "MCSP_BRIDGE_TOKEN");
        self.runtime.block_on(Flood::begin(self.platform, &self.account, &token, SPREAD))
    }

    fn end(&self, flood: Flood) {
        self.runtime.block_on(flood.end(self.platform));
    }
}

fn row(
    bench: &Bench,
    (place, beside): (&str, Beside),
    load: &Load,
    url: &str,
    source: &Source<'_>,
) -> anyhow::Result<Row> {
    let per_second = bench.capacity(load, url)? * OTHERS;
    let measured = || all_answered(bench, load, url, per_second);
    let sides = Disturbed::measure(bench, beside, measured, || {
        let flood = source.begin();
        let answers = measured();
        source.end(flood);
        answers
    })?;
    Ok(Row {
        figure: format!(
            "every other function at its limit, {place}: p99 of a playback session start ÷ with none"
        ),
        samples: sides.ratio(),
        unit: "",
        goal: Some(Goal::AtMost(GOAL)),
        made_of: format!("open loop, {per_second:.0} starts/s; {sides}"),
    })
}
