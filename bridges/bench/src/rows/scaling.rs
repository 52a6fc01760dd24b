//! What scale to zero costs: the first answer, the start of the process, and what an idle function keeps.

use super::Bench;
use super::hello;
use crate::page::{Goal, Row};
use crate::process::{Server, own_program};
use crate::rounds::Samples;
use anyhow::{Context, ensure};
use mcsp_tests::OwnPlatform;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// First answers, each followed by as many warm ones.
const COLD_STARTS: usize = 60;
/// Longer than instances and code are kept in these measurements.
const UNTIL_DROPPED: Duration = Duration::from_millis(200);
const KEEP_LITTLE: [&str; 6] = ["--workers", "1", "--instance-idle-ms", "20", "--code-idle-ms", "50"];
const PROCESS_STARTS: usize = 30;
/// Functions beside the first one, so that what one keeps is seen above the noise.
const IDLE_FUNCTIONS: usize = 500;

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let mut rows = cold_starts(bench)?;
    rows.extend(cold_search()?);
    rows.push(process_start(bench)?);
    rows.push(idle_memory(bench)?);
    Ok(rows)
}

/// Times of requests, in milliseconds.
struct Answers {
    cold_ms: Samples,
    warm_ms: Samples,
}

impl Answers {
    fn rows(&self, function: &str) -> [Row; 2] {
        let medians = format!("first {:.2} ms, warm {:.2} ms", self.cold_ms.median(), self.warm_ms.median());
        [
            Row {
                figure: format!("{function}: first answer after scale to zero"),
                samples: self.cold_ms.quartiles(),
                unit: " ms",
                goal: Some(Goal::AtMost(2.0)),
                made_of: format!("{COLD_STARTS} cold starts; the spread is that of the middle half"),
            },
            Row {
                figure: format!("{function}: first answer ÷ warm answer, p50"),
                samples: Samples::one(self.cold_ms.median() / self.warm_ms.median()),
                unit: "",
                goal: Some(Goal::AtMost(5.0)),
                made_of: medians,
            },
        ]
    }
}

fn cold_starts(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let admin = bench.scratch().join("admin.sock");
    let admin_argument = admin.display().to_string();
    let mut arguments = vec!["--admin", &admin_argument];
    arguments.extend(KEEP_LITTLE);
    let server = hello::serve(bench, 1, &arguments)?;
    let answers = answers(&format!("{}/hello", server.url()))?;
    were_cold(&admin, "hello-c0")?;
    Ok(answers.rows("hello").into())
}

/// A function of the platform, whose answer comes from Postgres.
fn cold_search() -> anyhow::Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let platform = runtime.block_on(OwnPlatform::start_with(&KEEP_LITTLE, &[]));
    let answers = answers(&format!("{}/v1/search?q=anything", platform.client().url()))?;
    were_cold(&platform.admin_socket(), "content-search")?;
    runtime.block_on(platform.stop());
    Ok(answers.rows("search").into())
}

fn answers(url: &str) -> anyhow::Result<Answers> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = reqwest::Client::new();
        let timed = async || {
            let begun = Instant::now();
            let answer = client.get(url).send().await?;
            ensure!(answer.status().is_success(), "{url} answered {}", answer.status());
            answer.bytes().await?;
            Ok(begun.elapsed().as_secs_f64() * 1e3)
        };
        let mut answers = Answers { cold_ms: Samples::default(), warm_ms: Samples::default() };
        timed().await?;
        for _ in 0..COLD_STARTS {
            tokio::time::sleep(UNTIL_DROPPED).await;
            answers.cold_ms.push(timed().await?);
            answers.warm_ms.push(timed().await?);
        }
        Ok(answers)
    })
}

/// The runner itself must say that every one of the first answers was one.
fn were_cold(admin: &Path, component: &str) -> anyhow::Result<()> {
    let output =
        Command::new(own_program("mcsp")?).args(["functions", "--json", "--admin"]).arg(admin).output()?;
    let functions: Vec<Value> = serde_json::from_slice(&output.stdout).context("mcsp functions")?;
    let function = functions.iter().find(|function| function["component"] == component);
    let cold_starts = function.and_then(|function| function["cold_starts"].as_u64()).unwrap_or_default();
    ensure!(cold_starts >= COLD_STARTS as u64, "{component} was cold {cold_starts} times only");
    Ok(())
}

fn process_start(bench: &Bench) -> anyhow::Result<Row> {
    // The first one compiles.
    drop(hello::serve(bench, 1, &[])?);
    let mut samples = Samples::default();
    for _ in 0..PROCESS_STARTS {
        samples.push(hello::serve(bench, 1, &[])?.started_in.as_secs_f64() * 1e3);
    }
    Ok(Row {
        figure: "process start to first answer, precompiled".to_owned(),
        samples: samples.quartiles(),
        unit: " ms",
        goal: Some(Goal::AtMost(60.0)),
        made_of: format!("{PROCESS_STARTS} starts; the spread is that of the middle half"),
    })
}

fn idle_memory(bench: &Bench) -> anyhow::Result<Row> {
    let few = used_and_dropped(bench, 1)?.memory_kib()?;
    let many = used_and_dropped(bench, 1 + IDLE_FUNCTIONS)?.memory_kib()?;
    Ok(Row {
        figure: "memory of a function that was used and has scaled to zero".to_owned(),
        samples: Samples::one((many - few) / IDLE_FUNCTIONS as f64),
        unit: " KiB",
        goal: Some(Goal::AtMost(100.0)),
        made_of: format!(
            "(Pss with {IDLE_FUNCTIONS} such functions {many:.0} KiB − without {few:.0} KiB) ÷ {IDLE_FUNCTIONS}"
        ),
    })
}

fn used_and_dropped(bench: &Bench, functions: usize) -> anyhow::Result<Server> {
    let server = hello::serve(bench, functions, &KEEP_LITTLE)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = reqwest::Client::new();
        for n in 1..functions {
            client.get(format!("{}/hello/{n}", server.url())).send().await?;
        }
        anyhow::Ok(())
    })?;
    thread::sleep(UNTIL_DROPPED);
    Ok(server)
}
