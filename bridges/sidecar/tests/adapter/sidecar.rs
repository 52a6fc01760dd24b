//! The process `mcsp-bridge`.

use crate::kafka::PATIENCE;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

/// Killed when it is dropped.
pub struct Sidecar {
    process: Child,
    /// As it tells it itself: an address, or the path of its socket.
    pub address: String,
}

/// What a sidecar is told.
pub struct Orders<'a> {
    pub listen: &'a str,
    pub manifest: &'a Path,
    pub functions: SocketAddr,
    pub environment: &'a BTreeMap<String, String>,
    pub more: &'a [&'a str],
}

impl Sidecar {
    /// Waits until it serves.
    pub async fn start(orders: Orders<'_>) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_mcsp-bridge"))
            .arg("--manifest")
            .arg(orders.manifest)
            .args(["--listen", orders.listen])
            .args(["--functions-url", &format!("http://{}", orders.functions)])
            .args(orders.more)
            .env_clear()
            .envs(orders.environment)
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let serving = tokio::time::timeout(PATIENCE, address_in(&mut log));
        let address = serving.await.expect("the sidecar does not serve");
        tokio::spawn(async move { while let Ok(Some(_)) = next(&mut log).await {} });
        Sidecar { process, address }
    }

    /// Asks it to end, as an orchestrator does.
    pub fn terminate(&self) {
        let id = i32::try_from(self.process.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
    }

    /// Waits until it has ended, and tells whether all was well.
    pub async fn ended(&mut self) -> bool {
        tokio::time::timeout(PATIENCE, self.process.wait()).await.unwrap().unwrap().success()
    }

    /// Ends it at once, as a crash would.
    pub async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }
}

async fn address_in(log: &mut Lines<BufReader<ChildStderr>>) -> String {
    loop {
        let line = next(log).await.unwrap().expect("the sidecar has ended");
        let entry: Value = serde_json::from_str(&line).unwrap_or_default();
        if entry["fields"]["message"] == "the bridge serves" {
            return entry["fields"]["address"].as_str().unwrap().to_owned();
        }
    }
}

/// The next line, which is shown where the test fails.
async fn next(log: &mut Lines<BufReader<ChildStderr>>) -> std::io::Result<Option<String>> {
    let line = log.next_line().await;
    if let Ok(Some(line)) = &line {
        eprintln!("mcsp-bridge: {line}");
    }
    line
}
