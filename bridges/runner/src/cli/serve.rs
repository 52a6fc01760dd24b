//! `mcsp serve`: functions alone, without stores. Every call through the bridge is answered `unreachable`.

use super::scaling::Scaling;
use anyhow::Context;
use clap::Args;
use mcsp_manifest::{Manifest, Variables, environment};
use mcsp_runner::{AdminAddress, Application, NoBridge, Runner, Settings};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// Serve functions without stores, to measure them or to try one that needs none
#[derive(Args, Debug)]
pub(super) struct Serve {
    /// The manifest
    #[arg(long, default_value = "spin.toml")]
    manifest: PathBuf,
    /// Where functions are served; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where state and metrics are shown: a loopback address or the path of a Unix socket
    #[arg(long, value_parser = super::functions::admin_address)]
    admin: Option<AdminAddress>,
    /// Where compiled code is kept
    #[arg(long, default_value = ".mcsp/cache")]
    cache_dir: PathBuf,
    #[command(flatten)]
    scaling: Scaling,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let manifest = Manifest::load(&self.manifest)?;
        let variables = Variables::resolve(&manifest, environment)?;
        let settings = self.scaling.settings(self.cache_dir);
        let settings = Settings { listen: self.listen, admin: self.admin, ..settings };
        let application =
            Application { manifest, variables, bridges: Arc::new(NoBridge), extensions: Vec::new() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate()).context("cannot wait for signals")?;
            let runner = Runner::start(settings, application).await?;
            println!("serving on http://{}", runner.address());
            tokio::select! {
                _ = terminate.recv() => {}
                interrupted = tokio::signal::ctrl_c() => interrupted?,
            }
            runner.stop().await;
            Ok(())
        })
    }
}
