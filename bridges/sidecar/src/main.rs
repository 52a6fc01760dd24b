//! The command `mcsp-bridge`: the bridge as a process of its own.

mod call;
mod face;
mod invoke;
mod prompt;

use anyhow::Context;
use clap::Parser;
use face::Face;
use invoke::OverHttp;
use mcsp_bridge::{Background, BridgeConfig, Bridges, POLICIES_VARIABLE, Pages, watch_policies};
use mcsp_manifest::Manifest;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Gives components Postgres, Redis, Kafka and calls, over HTTP on loopback
///
/// The stores stand in the environment: MCSP_POSTGRES_URL, MCSP_POSTGRES_PASSWORD_<SERVICE>, MCSP_REDIS_URL,
/// MCSP_KAFKA_BROKERS, MCSP_SERVICE_URL_<TARGET>; the token that components must show in MCSP_BRIDGE_TOKEN;
/// a file with thresholds in MCSP_POLICIES.
#[derive(Debug, Parser)]
#[command(name = "mcsp-bridge", version)]
struct Arguments {
    /// The manifest, with the components' grants
    #[arg(long, default_value = "spin.toml")]
    manifest: PathBuf,
    /// Where components reach the bridge: a loopback address
    #[arg(long, default_value = "127.0.0.1:9095")]
    listen: SocketAddr,
    /// Where the bridge reaches components, to deliver events
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    functions_url: String,
    /// Services whose outboxes are relayed and whose events are delivered; all where none is named
    #[arg(long = "service")]
    services: Vec<String>,
    /// Leave events to others: a Knative source delivers them
    #[arg(long)]
    no_consumers: bool,
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mcsp-bridge: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> anyhow::Result<()> {
    anyhow::ensure!(
        arguments.listen.ip().is_loopback(),
        "{} is not a loopback address: the bridge must not be reached from outside",
        arguments.listen
    );
    let manifest = Arc::new(Manifest::load(&arguments.manifest)?);
    let config = BridgeConfig::from_env(&manifest)?;
    let token = config.token.clone();
    let bridges = Bridges::new(Arc::clone(&manifest), config)?;
    let services: BTreeSet<String> = match arguments.services.is_empty() {
        true => manifest.services().into_iter().map(str::to_owned).collect(),
        false => arguments.services.into_iter().collect(),
    };
    let consuming = manifest.components.values().filter(|component| {
        let service = component.settings.grants.service.as_ref();
        !arguments.no_consumers && service.is_some_and(|service| services.contains(service))
    });
    let consuming = consuming.map(|component| component.id.clone()).collect();
    let invoke = Arc::new(OverHttp::new(arguments.functions_url));
    let background = Arc::new(Background::start(Arc::clone(&bridges), &services, &consuming, invoke));
    if let Some(path) = std::env::var_os(POLICIES_VARIABLE) {
        tokio::spawn(watch_policies(path.into(), Arc::clone(&bridges)));
    }
    let stopping = CancellationToken::new();
    let shown = Pages::new(Arc::clone(&bridges));
    shown.show(Arc::clone(&background));
    let face = Face::new(&manifest, &bridges, token, shown, stopping.clone())?;
    let listener = tokio::net::TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    tracing::info!(address = %listener.local_addr()?, "the bridge serves");
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let signalled = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stopping.cancel();
    };
    face.serve(listener, signalled).await?;
    background.stop().await;
    tracing::info!("the bridge has stopped");
    Ok(())
}
