//! At a fixed rate, whether or not the server keeps up: latencies, and what is left of the goodput when far too
//! much is asked.

use super::Bench;
use crate::load::Load;
use crate::pace::Answers;
use crate::page::{Goal, Row};
use crate::pod::OTHERS_CORE;
use crate::process::Loops;
use crate::rounds::Samples;
use anyhow::ensure;
use std::fmt;
use std::time::Duration;

/// Of the runner's capacity, for latencies.
pub(super) const STEADY: f64 = 0.5;
/// Of the capacity, beside something else that takes its share of the machine: alone, nobody waits.
pub(super) const OTHERS: f64 = 0.2;
/// Times the capacity.
const TOO_MUCH: f64 = 3.0;
/// More than a function serves at once, so that some have to be refused.
const CROWD: u32 = 512;

/// The fewest requests of which a 99th percentile says something: thirty are slower. At a low rate a load lasts longer for it.
const FEWEST: f64 = 3000.0;
/// What is due at the end of a load is on its way for a moment. Whoever is later than this does not keep up.
const LATE: Duration = Duration::from_secs(1);

/// Quantiles over the rounds.
#[derive(Default)]
pub(super) struct Latency {
    pub p50_ms: Samples,
    pub p99_ms: Samples,
    p999_ms: Samples,
}

impl Latency {
    pub fn take(&mut self, answers: &Answers) {
        self.p50_ms.push(answers.quantile_ms(0.5));
        self.p99_ms.push(answers.quantile_ms(0.99));
        self.p999_ms.push(answers.quantile_ms(0.999));
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (p50_ms, p99_ms) = (self.p50_ms.median(), self.p99_ms.median());
        write!(f, "p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms, p99.9 {:.2} ms", self.p999_ms.median())
    }
}

/// A load that leaves nothing unanswered: latencies of those that were answered alone would flatter.
pub(super) fn all_answered(
    bench: &Bench,
    load: &Load,
    url: &str,
    per_second: f64,
) -> anyhow::Result<Answers> {
    let duration = bench.load.max(Duration::from_secs_f64(FEWEST / per_second));
    let answers = load.run_at(url, per_second, duration, LATE)?;
    let (refused, unsent) = (answers.refused, answers.unsent);
    ensure!(refused + unsent == 0, "{url}: {refused} requests were refused, {unsent} not sent");
    Ok(answers)
}

/// What keeps the machine busy beside a load.
#[derive(Clone, Copy)]
pub(super) enum Beside {
    /// All of it.
    EachCore,
    /// What has a core of its own.
    OthersCore,
}

impl Beside {
    /// Loops that keep busy what the others do, and do nothing.
    fn loops(self) -> anyhow::Result<Loops> {
        match self {
            Beside::EachCore => Loops::idle(),
            Beside::OthersCore => Ok(Loops::on(OTHERS_CORE)),
        }
    }
}

/// Latencies of a load alone, while others are busy, and with loops in their place: the machine itself gives a core less while
/// its others are busy, whatever they do.
#[derive(Default)]
pub(super) struct Disturbed {
    calm: Latency,
    looped: Latency,
    rough: Latency,
}

impl Disturbed {
    /// `disturbed` measures while others are busy.
    pub fn measure(
        bench: &Bench,
        beside: Beside,
        measured: impl Fn() -> anyhow::Result<Answers>,
        mut disturbed: impl FnMut() -> anyhow::Result<Answers>,
    ) -> anyhow::Result<Self> {
        let mut sides = Disturbed::default();
        for _ in 0..bench.rounds {
            sides.calm.take(&measured()?);
            let loops = beside.loops()?;
            let answers = measured();
            loops.end()?;
            sides.looped.take(&answers?);
            sides.rough.take(&disturbed()?);
        }
        Ok(sides)
    }

    /// The 99th percentile while others are busy, over the one alone.
    pub fn ratio(&self) -> Samples {
        self.rough.p99_ms.over(&self.calm.p99_ms)
    }
}

impl fmt::Display for Disturbed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Disturbed { calm, looped, rough } = self;
        let ratio = rough.p99_ms.over(&looped.p99_ms);
        write!(
            f,
            "alone {calm}; beside bare loops {looped}; disturbed {rough}; p99 ÷ beside bare loops {ratio}"
        )
    }
}

/// Latencies of both sides at the same rate: half of what the runner does at most.
pub(super) fn latency(
    bench: &Bench,
    what: &str,
    load: &Load,
    [runner, twin]: [&str; 2],
    capacity: f64,
) -> anyhow::Result<Row> {
    let per_second = capacity * STEADY;
    let mut sides = [Latency::default(), Latency::default()];
    for _ in 0..bench.rounds {
        for (side, url) in sides.iter_mut().zip([runner, twin]) {
            side.take(&all_answered(bench, load, url, per_second)?);
        }
    }
    let [wasm, native] = sides;
    Ok(Row {
        figure: format!("{what}: p99 at half of the runner's capacity, runner ÷ native"),
        samples: wasm.p99_ms.over(&native.p99_ms),
        unit: "",
        goal: None,
        made_of: format!("open loop, {per_second:.0} req/s; runner {wasm}; native {native}"),
    })
}

/// Answers per second at three times the capacity, over those at capacity.
pub(super) fn goodput(
    bench: &Bench,
    what: &str,
    load: &Load,
    runner: &str,
    capacity: f64,
) -> anyhow::Result<Row> {
    let load = Load { connections: CROWD, ..load.clone() };
    let (mut at, mut beyond, mut refused) = (Samples::default(), Samples::default(), Samples::default());
    for _ in 0..bench.rounds {
        let seconds = bench.load.as_secs_f64();
        at.push(load.run_at(runner, capacity, bench.load, Duration::ZERO)?.in_time as f64 / seconds);
        let answers = load.run_at(runner, capacity * TOO_MUCH, bench.load, Duration::ZERO)?;
        beyond.push(answers.in_time as f64 / seconds);
        refused.push(answers.refused as f64 / seconds);
    }
    Ok(Row {
        figure: format!("{what}: goodput at {TOO_MUCH} times capacity ÷ at capacity"),
        samples: beyond.over(&at),
        unit: "",
        goal: Some(Goal::AtLeast(0.9)),
        made_of: format!(
            "open loop over {CROWD} connections; {:.0} of {capacity:.0} req/s, and of {TOO_MUCH} times that {:.0} \
             answered and {:.0} refused",
            at.median(),
            beyond.median(),
            refused.median(),
        ),
    })
}
