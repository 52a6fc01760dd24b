//! `mcsp serve`: functions without stores of their own, alone or with a bridge beside them.

use super::reference::Reference;
use super::scaling::Scaling;
use anyhow::Context;
use clap::Args;
use mcsp_bridge::{StopSignals, trace_metrics};
use mcsp_bridge_api::{Bridge, token};
use mcsp_manifest::{Manifest, Variables, environment};
use mcsp_remote::{Address, Remote};
use mcsp_runner::{AdminAddress, Application, BridgeFactory, Extension, Network, NoBridge, Runner, Settings};
use mcsp_traces::{Tracer, TracesConfig};
use std::cell::OnceCell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Shown to the bridge, and to functions by who else belongs to the platform.
const TOKEN_VARIABLE: &str = "MCSP_BRIDGE_TOKEN";

/// How long a bridge that does not listen yet is waited for: functions that get ready ask it.
const BRIDGE_PATIENCE: Duration = Duration::from_secs(2);

/// Serve functions: in a pod with mcsp-bridge beside them, or alone, to measure them
#[derive(Args, Debug)]
pub(super) struct Serve {
    /// The manifest
    #[arg(long, default_value = "spin.toml")]
    manifest: PathBuf,
    /// Services whose components are served; all where none is named
    #[arg(long = "service")]
    services: Vec<String>,
    /// Where functions are served; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where mcsp-bridge listens: the path of its Unix socket, or http:// and its address; MCSP_BRIDGE_TOKEN is then
    /// needed. Without a bridge every call is answered `unreachable`
    #[arg(long)]
    bridge: Option<Address>,
    /// Take requests below /events/ from outside, where events are brought by others
    #[arg(long)]
    public_events: bool,
    /// Networks of proxies that say truly for whom they ask (X-Forwarded-For), such as 10.0.0.0/8
    #[arg(long, env = "MCSP_TRUSTED_PROXIES", value_delimiter = ',')]
    trusted_proxies: Vec<Network>,
    /// Where state and metrics are shown: an address that only ops can reach, or the path of a Unix socket
    #[arg(long, value_parser = super::functions::admin_address)]
    admin: Option<AdminAddress>,
    /// Where compiled code is kept
    #[arg(long, default_value = ".mcsp/cache")]
    cache_dir: PathBuf,
    /// Where `mcsp precompile` has put the code: nothing is compiled or written then
    #[arg(long, conflicts_with = "cache_dir")]
    precompiled: Option<PathBuf>,
    #[command(flatten)]
    scaling: Scaling,
    #[command(flatten)]
    reference: Reference,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut manifest = Manifest::load(&self.manifest)?;
        if !self.services.is_empty() {
            manifest = manifest.only(&self.services.into_iter().collect())?;
        }
        let variables = Variables::resolve(&manifest, environment)?;
        let tracer = Tracer::start(TracesConfig::from_env()?).context("the thread of the traces")?;
        let settings = Settings {
            listen: self.listen,
            admin: self.admin,
            precompiled: self.precompiled,
            public_events: self.public_events,
            trusted_proxies: self.trusted_proxies,
            tracer: tracer.clone(),
            ..self.scaling.settings(self.cache_dir)
        };
        let beside = self.bridge.clone();
        let bridges: Arc<dyn BridgeFactory> = match self.bridge {
            None => Arc::new(NoBridge),
            Some(address) => Arc::new(Beside::new(address, &manifest)?),
        };
        let documents = self.reference.documents(&self.manifest)?;
        let extensions: Vec<Arc<dyn Extension>> = vec![Arc::new(Traces(tracer.clone()))];
        let application = Application { manifest, variables, bridges, extensions, documents };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut stop = StopSignals::new().context("cannot wait for signals")?;
            let started = async {
                if let Some(bridge) = beside {
                    // In a pod both begin side by side. Later calls find one that is later still.
                    let _late = tokio::time::timeout(BRIDGE_PATIENCE, bridge.is_served()).await;
                }
                Runner::start(settings, application).await
            };
            let runner = tokio::select! {
                runner = started => runner?,
                _ = stop.received() => return Ok(()),
            };
            println!("serving on http://{}", runner.address());
            stop.received().await;
            runner.stop().await;
            tracer.finish().await;
            Ok(())
        })
    }
}

/// Shows on the admin face how the process' spans fare.
struct Traces(Tracer);

impl Extension for Traces {
    fn metrics(&self, out: &mut String) {
        trace_metrics(out, &self.0.counts());
    }
}

thread_local! {
    /// The connections of a serving thread, which live and die with it.
    static REMOTE: OnceCell<Remote> = const { OnceCell::new() };
}

/// The bridge in a process beside this one.
struct Beside {
    address: Address,
    token: String,
}

impl Beside {
    /// Refuses what could not be sent, before anything is served.
    fn new(address: Address, manifest: &Manifest) -> anyhow::Result<Self> {
        let tokens = std::env::var(TOKEN_VARIABLE)
            .with_context(|| format!("{TOKEN_VARIABLE} is not set: the bridge asks for it"))?;
        let token = token::shown(&tokens).to_owned();
        let remote = Remote::new(address.clone());
        for component in manifest.components.keys() {
            let _port = remote.for_component(component, &token).context("the token cannot be sent")?;
        }
        Ok(Beside { address, token })
    }
}

impl BridgeFactory for Beside {
    fn for_component(&self, id: &str) -> Arc<dyn Bridge> {
        let made = REMOTE.with(|remote| {
            let remote = remote.get_or_init(|| Remote::new(self.address.clone()));
            remote.for_component(id, &self.token)
        });
        match made {
            Ok(bridge) => Arc::new(bridge),
            // Made once before.
            Err(_) => Arc::new(NoBridge),
        }
    }
}
