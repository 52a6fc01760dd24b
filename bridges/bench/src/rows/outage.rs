//! The start of a playback session with its stores and services broken, against the same start while all is well.

use super::Bench;
use super::playback::{STREAM_LIMIT, starts};
use super::steady::{Latency, STEADY, all_answered};
use crate::load::Load;
use crate::page::{Goal, Row};
use mcsp_tests::{Fault, OwnPlatform, Wire, Wires, eventually};

const GOAL: f64 = 1.1;

/// What is broken, and how.
struct Outage<'a> {
    name: &'static str,
    wires: Vec<&'a Wire>,
    fault: Fault,
    /// Where answers come from then.
    served_from: &'static str,
}

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (platform, wires) = runtime.block_on(OwnPlatform::start_behind_wires(&[STREAM_LIMIT]));
    let load = runtime.block_on(starts(&platform));
    let Wires { postgres, redis, kafka, auth, content } = &wires;
    let well = Outage { name: "well", wires: vec![], fault: Fault::None, served_from: "redis" };
    let broken = [
        ("Redis dead", vec![redis], Fault::Dead, "memory"),
        ("Redis refusing", vec![redis], Fault::Refusing, "memory"),
        ("Postgres dead", vec![postgres], Fault::Dead, "redis"),
        ("all dead", vec![postgres, redis, kafka, auth, content], Fault::Dead, "memory"),
    ];
    let broken = broken.map(|(name, wires, fault, served_from)| Outage { name, wires, fault, served_from });
    let url = platform.client().url().to_owned();
    let mut sides: Vec<Latency> = (0..=broken.len()).map(|_| Latency::default()).collect();
    // At its most, a 99th percentile says how the cores are shared, and little of what is broken.
    let per_second = bench.capacity(&load, &url)? * STEADY;
    for _ in 0..bench.rounds {
        for (side, outage) in sides.iter_mut().zip(std::iter::once(&well).chain(&broken)) {
            outage.wires.iter().for_each(|wire| wire.set(outage.fault));
            runtime.block_on(until_noticed(&platform, &load, outage));
            side.take(&all_answered(bench, &load, &url, per_second)?);
            outage.wires.iter().for_each(|wire| wire.set(Fault::None));
            runtime.block_on(until_noticed(&platform, &load, &well));
        }
    }
    runtime.block_on(platform.stop());
    let healthy = sides.remove(0);
    let row = |(outage, side): (&Outage<'_>, &Latency)| Row {
        figure: format!("playback session start, p99: {} ÷ healthy", outage.name),
        samples: side.p99_ms.over(&healthy.p99_ms),
        unit: "",
        goal: Some(Goal::AtMost(GOAL)),
        made_of: format!(
            "open loop, {per_second:.0} starts/s, all answered; broken {side}; healthy {healthy}"
        ),
    };
    Ok(broken.iter().zip(&sides).map(row).collect())
}

/// The breakers notice an outage, and its end, after some requests: what is measured begins then.
async fn until_noticed(platform: &OwnPlatform, load: &Load, outage: &Outage<'_>) {
    let client = platform.client();
    let body = load.body.clone().unwrap_or_default();
    let mut tokens = load.tokens.iter().cycle();
    // A breaker that has noticed refuses, and does not wait: some answers in a row are from where they should be.
    eventually(outage.name, async || {
        for token in tokens.by_ref().take(150) {
            let request = client.request(reqwest::Method::POST, &load.path).bearer_auth(token);
            let request = request.header("content-type", "application/json").body(body.clone());
            let answer = client.send(request).await;
            let served_from = answer.json.get("served_from").and_then(serde_json::Value::as_str);
            if served_from != Some(outage.served_from) {
                return None;
            }
        }
        Some(())
    })
    .await;
}
