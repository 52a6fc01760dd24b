//! Stock Spin in the runner's place: its process and the bridge's, side by side, which end together.

use super::Reserved;
use super::settings::{Environment, Reader};
use anyhow::{Context, ensure};
use futures::future::{BoxFuture, FutureExt};
use mcsp_local::{Lines, LocalError, Progress, Recipe, Server};
use reqwest::Client;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The first version with WASI 0.3.0, which the functions are built for.
const FIRST_VERSION: (u32, u32) = (4, 1);
/// The program of the bridge, which is built beside this one.
const BRIDGE_PROGRAM: &str = "mcsp-bridge";
/// How long a server that runs may take to say so.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// Spin, and the bridge that its components reach.
pub(super) struct Spin {
    bridge: Server<BridgeProcess>,
    spin: Server<SpinProcess>,
}

/// What Spin and the bridge are started with.
pub(super) struct Orders<'a> {
    pub(super) program: &'a Path,
    pub(super) manifest: &'a Path,
    pub(super) state_dir: &'a Path,
    /// Where Spin is to serve
    pub(super) listen: SocketAddr,
    /// Where the bridge is to serve, which the environment tells, too
    pub(super) bridge: &'a Reserved,
    pub(super) environment: Arc<Environment>,
}

impl Spin {
    /// Waits until both answer. Nothing is left running where one does not.
    pub(super) async fn start(orders: Orders<'_>) -> anyhow::Result<Self> {
        let state_dir = std::path::absolute(orders.state_dir)?;
        let log = |name: &str| state_dir.join("logs").join(format!("{name}.log"));
        let client = Client::builder().no_proxy().timeout(PROBE_TIMEOUT).build()?;
        let bridge = BridgeProcess {
            program: beside(BRIDGE_PROGRAM)?,
            manifest: orders.manifest.to_owned(),
            listen: orders.bridge.address,
            functions: orders.listen,
            environment: Arc::clone(&orders.environment),
            client: client.clone(),
        };
        let spin = SpinProcess {
            program: orders.program.to_owned(),
            manifest: orders.manifest.to_owned(),
            state_dir: state_dir.clone(),
            listen: orders.listen,
            environment: orders.environment,
            client,
        };
        let started = Spin {
            bridge: Server::new(bridge, log(BridgeProcess::NAME)),
            spin: Server::new(spin, log(SpinProcess::NAME)),
        };
        match started.start_both().await {
            Ok(()) => Ok(started),
            Err(error) => {
                started.stop().await;
                Err(error.into())
            }
        }
    }

    async fn start_both(&self) -> Result<(), LocalError> {
        let begun = Instant::now();
        self.bridge.start().await?;
        Lines.done("The bridge answers", begun.elapsed());
        self.spin.start().await
    }

    /// Waits until one of them ends without having been asked to.
    pub(super) async fn ended(&self) -> LocalError {
        tokio::select! {
            error = self.bridge.ended() => error,
            error = self.spin.ended() => error,
        }
    }

    /// Requests first, then what they leave in the outboxes.
    pub(super) fn stop(&self) -> BoxFuture<'_, ()> {
        async {
            self.spin.stop().await;
            self.bridge.stop().await;
        }
        .boxed()
    }
}

/// How to run the bridge.
struct BridgeProcess {
    program: PathBuf,
    manifest: PathBuf,
    listen: SocketAddr,
    functions: SocketAddr,
    environment: Arc<Environment>,
    client: Client,
}

impl Recipe for BridgeProcess {
    const NAME: &'static str = "bridge";
    const VARIABLE: Option<&'static str> = None;
    /// What is under way is finished, and the outboxes are emptied.
    const STOP_TIMEOUT: Duration = Duration::from_secs(30);

    fn command(&self) -> Result<Command, LocalError> {
        let mut command = Command::new(&self.program);
        command.arg("--manifest").arg(&self.manifest).args(["--listen", &self.listen.to_string()]);
        command.args(["--functions-url", &format!("http://{}", self.functions)]);
        self.environment.give(&mut command, Reader::Bridge);
        Ok(command)
    }

    async fn probe(&self) -> Result<(), String> {
        asked(&self.client, format!("http://{}/readyz", self.listen)).await
    }
}

/// How to run Spin.
struct SpinProcess {
    program: PathBuf,
    manifest: PathBuf,
    state_dir: PathBuf,
    listen: SocketAddr,
    environment: Arc<Environment>,
    client: Client,
}

impl Recipe for SpinProcess {
    const NAME: &'static str = "spin";
    const VARIABLE: Option<&'static str> = Some("MCSP_SPIN");
    const STOP_TIMEOUT: Duration = Duration::from_secs(10);
    /// It compiles every component before it listens, where it has not kept them.
    const READY_TIMEOUT: Duration = Duration::from_secs(300);

    fn command(&self) -> Result<Command, LocalError> {
        let mut command = Command::new(&self.program);
        command.args(["up", "--from"]).arg(&self.manifest).args(["--listen", &self.listen.to_string()]);
        // What components print has files of its own.
        command.arg("--quiet").arg("--state-dir").arg(self.state_dir.join("spin"));
        command.arg("--log-dir").arg(self.state_dir.join("logs/functions"));
        self.environment.give(&mut command, Reader::Functions);
        Ok(command)
    }

    async fn probe(&self) -> Result<(), String> {
        asked(&self.client, format!("http://{}/.well-known/spin/health", self.listen)).await
    }
}

async fn asked(client: &Client, url: String) -> Result<(), String> {
    let answer = client.get(url).send().await.map_err(|error| mcsp_causes::in_one_line(&error))?;
    answer.error_for_status().map(drop).map_err(|error| error.to_string())
}

/// A program that is built together with this one.
fn beside(program: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(program);
    ensure!(path.is_file(), "{} is missing: cargo build --release -p mcsp-sidecar", path.display());
    Ok(path)
}

/// A port for the bridge, on loopback.
pub(super) fn bridge_port() -> anyhow::Result<Reserved> {
    Reserved::take((Ipv4Addr::LOCALHOST, 0).into())
}

/// Refuses what is no Spin that runs the functions, before anything else is started.
pub(super) fn check(program: &Path) -> anyhow::Result<()> {
    let asked = Command::new(program).arg("--version").output();
    let asked = asked.with_context(|| {
        format!("cannot run Spin as {}; install it, or name it in MCSP_SPIN", program.display())
    })?;
    let said = String::from_utf8_lossy(&asked.stdout);
    let said = said.trim();
    let version = version_in(said);
    let version = version.with_context(|| format!("{} is not Spin: it says {said:?}", program.display()))?;
    let (major, minor) = FIRST_VERSION;
    ensure!(
        version >= FIRST_VERSION,
        "{} is {said}, which has no WASI 0.3.0; Spin {major}.{minor} or later runs the functions",
        program.display()
    );
    Ok(())
}

/// The version in `spin 4.1.0-pre0 (94a8fc8 2026-08-14)`.
fn version_in(said: &str) -> Option<(u32, u32)> {
    let mut words = said.split_whitespace();
    let version = words.next().filter(|name| *name == "spin").and(words.next())?;
    let mut numbers = version.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser;

    #[test]
    fn what_only_the_runner_does_cannot_be_asked_of_spin() {
        let up =
            |more: &[&str]| Cli::try_parse_from(["mcsp", "up", "--spin", "spin"].iter().chain(more)).is_ok();
        assert!(up(&[]) && up(&["--fast", "--state-dir", "x"]));
        for more in [["--workers", "2"], ["--code-idle-ms", "1"], ["--cache-dir", "x"], ["--docs", "x"]] {
            assert!(!up(&more), "{more:?}");
        }
        assert!(!up(&["--no-reuse"]));
    }

    #[test]
    fn spin_tells_its_version() {
        assert_eq!(version_in("spin 4.1.0-pre0 (94a8fc8 2026-08-14)"), Some((4, 1)));
        assert_eq!(version_in("spin 3.6.2"), Some((3, 6)));
        assert!(Some((3, 6)) < Some(FIRST_VERSION) && Some((10, 0)) > Some(FIRST_VERSION));
    }

    #[test]
    fn what_says_something_else_is_not_spin() {
        for said in ["", "spin", "4.1.0", "Spin Version 6.5.2", "spin four.one"] {
            assert_eq!(version_in(said), None, "{said:?}");
        }
    }
}
