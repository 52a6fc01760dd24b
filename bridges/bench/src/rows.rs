//! What is measured, in groups that can be run alone.

mod bridge;
mod bulkheads;
mod events;
mod hello;
mod outage;
mod playback;
mod scaling;
mod steady;
mod storm;
mod videos;

use crate::load::{Load, Measured};
use crate::page::Row;
use crate::rounds::Samples;
use clap::ValueEnum;
use std::fmt;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Before the first round, so that code is compiled, connections are open and caches are filled.
const WARM_UP: Duration = Duration::from_secs(2);

/// What every group needs.
pub(crate) struct Bench {
    pub rounds: usize,
    /// Load on each side in each round.
    pub load: Duration,
    scratch: TempDir,
}

/// Figures that are measured together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Group {
    /// A function without a store against the same code without WebAssembly
    Hello,
    /// The start of a playback session against the same code without WebAssembly
    Playback,
    /// The same with stores and services broken, against itself while all is well
    Outage,
    /// The same while everything else is as busy as it may be
    Bulkheads,
    /// What a sign-in storm costs the others
    Storm,
    /// What many videos cost those who read, list and search them
    Videos,
    /// Cold start, process start, idle memory
    Scaling,
    /// What the breaker costs
    Bridge,
    /// From commit to consumer, and the relay
    Events,
}

impl Bench {
    pub fn new(rounds: usize, seconds: u64) -> anyhow::Result<Self> {
        let scratch = tempfile::Builder::new().prefix("mcsp-bench-").tempdir()?;
        Ok(Bench { rounds: rounds.max(1), load: Duration::from_secs(seconds.max(1)), scratch })
    }

    /// A directory that is removed at the end.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// The most that a server does of a load, once it is warm, per second.
    fn capacity(&self, load: &Load, url: &str) -> anyhow::Result<f64> {
        load.run(url, WARM_UP)?;
        Ok(load.run(url, self.load)?.per_second)
    }

    /// The sides take turns, so that whatever else the machine does hits all of them.
    fn compare<const SIDES: usize>(&self, load: &Load, urls: [&str; SIDES]) -> anyhow::Result<[Side; SIDES]> {
        for url in urls {
            load.run(url, WARM_UP)?;
        }
        let mut sides: [Side; SIDES] = std::array::from_fn(|_| Side::default());
        for _ in 0..self.rounds {
            for (side, url) in sides.iter_mut().zip(urls) {
                side.take(load.run(url, self.load)?);
            }
        }
        Ok(sides)
    }
}

/// One side of a comparison, over the rounds.
#[derive(Clone, Debug, Default)]
struct Side {
    per_second: Samples,
    p50_ms: Samples,
    p99_ms: Samples,
}

impl Side {
    fn take(&mut self, measured: Measured) {
        self.per_second.push(measured.per_second);
        self.p50_ms.push(measured.p50_ms);
        self.p99_ms.push(measured.p99_ms);
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (p50_ms, p99_ms) = (self.p50_ms.median(), self.p99_ms.median());
        write!(f, "{:.0} req/s, p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms", self.per_second.median())
    }
}

impl Group {
    pub fn chosen(named: &[Group]) -> Vec<Group> {
        if named.is_empty() { Self::value_variants().to_vec() } else { named.to_vec() }
    }

    pub fn measure(self, bench: &Bench) -> anyhow::Result<Vec<Row>> {
        match self {
            Group::Hello => hello::measure(bench),
            Group::Playback => playback::measure(bench),
            Group::Outage => outage::measure(bench),
            Group::Bulkheads => bulkheads::measure(bench),
            Group::Storm => storm::measure(bench),
            Group::Videos => videos::measure(bench),
            Group::Scaling => scaling::measure(bench),
            Group::Bridge => bridge::measure(bench),
            Group::Events => events::measure(bench),
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Group::Hello => "a function without a store",
            Group::Playback => "the start of a playback session",
            Group::Outage => "the start of a playback session with its stores broken",
            Group::Bulkheads => "the start of a playback session while everything else is busy",
            Group::Storm => "a sign-in storm",
            Group::Videos => "reading, listing and searching many videos",
            Group::Scaling => "cold start, process start, idle memory",
            Group::Bridge => "what the breaker costs",
            Group::Events => "from commit to consumer, and the relay",
        })
    }
}
