//! A service as it is deployed: a runner and a bridge for it alone, on a core of their own.

use crate::process::{Server, configured_on, free_address, keep_here, keep_on};
use anyhow::Context;
use mcsp_tests::{OwnPlatform, root};
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::thread;
use tokio::runtime::{Builder, Runtime};

/// Where the others serve, and those who keep them busy run, while a pod has a core of its own.
pub(crate) const OTHERS_CORE: usize = 0;
/// The pod's, with the generator and the stores that it asks: nodes are kept for Playback, and the stores are on none of these.
pub(crate) const POD_CORE: usize = 1;

/// Measures on a thread that is kept on the pod's core, as all is that it starts.
pub(crate) fn apart<T: Send>(measure: impl FnOnce() -> anyhow::Result<T> + Send) -> anyhow::Result<T> {
    thread::scope(|scope| {
        let measured = scope.spawn(|| {
            keep_here(POD_CORE)?;
            measure()
        });
        measured.join().map_err(|_| anyhow::anyhow!("the measurement panicked"))?
    })
}

/// Keeps Redis, which Playback asks, on the pod's core, and the calling thread with what it starts from now on. The other stores stay where
/// they are.
pub(crate) fn with_redis(platform: &OwnPlatform, runtime: &Runtime) -> anyhow::Result<()> {
    let redis = runtime.block_on(platform.redis().pid()).context("Redis has ended")?;
    keep_on(POD_CORE, redis)?;
    keep_here(POD_CORE)
}

/// A thread for the clients that keep others busy, kept on this core, if any. Whoever measures has one of its own.
pub(crate) fn clients(core: Option<usize>) -> anyhow::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_all();
    if let Some(core) = core {
        // Where that failed, the measurement fails at its next step that is kept on a core.
        builder.on_thread_start(move || drop(keep_here(core)));
    }
    Ok(builder.build()?)
}

/// The containers of a pod, on this machine.
#[derive(Debug)]
pub(crate) struct Pod {
    functions: Server,
    _bridge: Server,
}

/// Which pod, and what it is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spec<'a> {
    pub service: &'a str,
    /// The only core that it may use.
    pub core: usize,
    /// What the platform is configured with, whose stores it shares.
    pub environment: &'a Path,
    pub variables: &'a [(&'a str, &'a str)],
    /// For what its containers share.
    pub scratch: &'a Path,
}

impl Pod {
    /// Starts both containers. The platform relays, consumes and keeps time for it.
    pub fn start(spec: Spec<'_>) -> anyhow::Result<Self> {
        let socket = spec.scratch.join(format!("{}.sock", spec.service));
        let (ops, address) = (free_address()?, free_address()?);
        let mut bridge = container("mcsp-bridge", spec)?;
        bridge.arg("--listen").arg(&socket).args([
            "--ops",
            &ops.to_string(),
            "--no-consumers",
            "--no-timers",
        ]);
        let bridge = Server::start(bridge, ops, "/readyz")?;
        let mut functions = container("mcsp", spec)?;
        functions.arg("--bridge").arg(&socket).args(["--listen", &address.to_string()]);
        functions.arg("--cache-dir").arg(root().join("target/test-cache"));
        let functions = Server::start(functions, address, "/_mcsp/healthz")?;
        Ok(Pod { functions, _bridge: bridge })
    }

    /// `http://127.0.0.1:…`
    pub fn url(&self) -> String {
        self.functions.url()
    }
}

fn container(program: &str, spec: Spec<'_>) -> anyhow::Result<Command> {
    let mut command = configured_on(spec.core, program, spec.environment)?;
    if program == "mcsp" {
        command.arg("serve");
    }
    command.arg("--manifest").arg(root().join("spin.toml")).args(["--service", spec.service]);
    command.envs(spec.variables.iter().copied());
    // Each request that a crowded service refuses is a line.
    command.stderr(File::create(spec.scratch.join(format!("{}-{program}.log", spec.service)))?);
    Ok(command)
}
