//! A service as it is deployed: a runner and a bridge for it alone, on a core of their own.

use crate::process::{Server, configured_on, free_address};
use mcsp_tests::root;
use std::path::Path;
use std::process::Command;

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
    Ok(command)
}
