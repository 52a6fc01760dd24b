//! A service as it is deployed: a runner and a bridge for it alone, on a core of its own where that is asked for.

use crate::process::{Server, configured, configured_on, free_address, keep_here, keep_on, own_program};
use anyhow::Context;
use mcsp_tests::{OwnPlatform, root};
use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
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
    /// The only core that it may use, if it may not use all.
    pub core: Option<usize>,
    /// What the platform is configured with, whose stores it shares.
    pub environment: &'a Path,
    pub variables: &'a [(&'a str, &'a str)],
    /// More arguments for `mcsp serve`.
    pub arguments: &'a [&'a str],
    /// For what its containers share.
    pub scratch: &'a Path,
}

impl Pod {
    /// Starts both containers. The platform relays, consumes and keeps time for it.
    pub fn start(spec: Spec<'_>) -> anyhow::Result<Self> {
        let directory = spec.directory()?;
        let socket = directory.join("bridge.sock");
        let bridge = spec.bridge(&directory, socket.as_os_str())?;
        let address = free_address()?;
        let mut functions = spec.container("mcsp", &directory)?;
        functions.arg("serve").args(["--service", spec.service, "--listen", &address.to_string()]);
        functions.arg("--manifest").arg(root().join("spin.toml")).arg("--bridge").arg(&socket);
        functions.arg("--cache-dir").arg(root().join("target/test-cache")).args(spec.arguments);
        let functions = Server::start(functions, address, "/_mcsp/healthz")?;
        Ok(Pod { functions, _bridge: bridge })
    }

    /// The same with stock Spin in the runner's place, and of the service one component alone: Spin compiles all that it serves each time.
    pub fn on_spin(spec: Spec<'_>, program: &Path, component: &str) -> anyhow::Result<Self> {
        let directory = spec.directory()?;
        let (beside, address) = (free_address()?, free_address()?);
        let bridge = spec.bridge(&directory, OsStr::new(&beside.to_string()))?;
        let mut functions = spec.command(program, &directory)?;
        functions.args(["up", "--quiet", "--component-id", component, "--listen", &address.to_string()]);
        functions.arg("--from").arg(root().join("spin.toml")).arg("--state-dir").arg(directory.join("spin"));
        functions.arg("--log-dir").arg(directory.join("logs"));
        functions.env("SPIN_VARIABLE_BRIDGE_URL", format!("http://{beside}"));
        // What serves is a child of it.
        let functions = Server::start(functions, address, "/.well-known/spin/health")?.with_children();
        Ok(Pod { functions, _bridge: bridge })
    }

    /// `http://127.0.0.1:…`
    pub fn url(&self) -> String {
        self.functions.url()
    }
}

impl Spec<'_> {
    /// For what the containers of one pod share.
    fn directory(self) -> anyhow::Result<PathBuf> {
        Ok(tempfile::Builder::new().prefix(self.service).tempdir_in(self.scratch)?.keep())
    }

    fn bridge(self, directory: &Path, listen: &OsStr) -> anyhow::Result<Server> {
        let ops = free_address()?;
        let mut bridge = self.container("mcsp-bridge", directory)?;
        bridge.arg("--manifest").arg(root().join("spin.toml")).args(["--service", self.service]);
        bridge.arg("--listen").arg(listen).args(["--ops", &ops.to_string()]);
        bridge.args(["--no-consumers", "--no-timers"]);
        Server::start(bridge, ops, "/readyz")
    }

    /// A program of ours.
    fn container(self, program: &str, directory: &Path) -> anyhow::Result<Command> {
        self.command(&own_program(program)?, directory)
    }

    fn command(self, program: &Path, directory: &Path) -> anyhow::Result<Command> {
        let mut command = match self.core {
            Some(core) => configured_on(core, program, self.environment),
            None => configured(program, self.environment),
        };
        command.envs(self.variables.iter().copied());
        // Each request that a crowded service refuses is a line.
        let name = program.file_name().context("a program")?;
        command.stderr(File::create(directory.join(name).with_extension("log"))?);
        Ok(command)
    }
}
