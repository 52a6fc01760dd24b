//! The command `mcsp-bridge`: the bridge as a process of its own.

mod arguments;
mod call;
mod events;
mod face;
mod invoke;
mod listen;
mod prompt;

use anyhow::Context;
use arguments::Arguments;
use axum::Router;
use clap::Parser;
use events::Gateway;
use face::{Calls, Ops};
use invoke::OverHttp;
use listen::Listener;
use mcsp_bridge::{Background, BridgeConfig, Bridges, POLICIES_VARIABLE, Pages, StopSignals, watch_policies};
use mcsp_bridge_api::token::shown;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    // Before anything is served: whoever is answered may ask the process to end, which must not be sudden.
    let mut stop = StopSignals::new().context("cannot wait for signals")?;
    let manifest = Arc::new(arguments.manifest()?);
    let config = BridgeConfig::from_env(&manifest)?;
    let token = config.token.clone();
    let bridges = Bridges::new(Arc::clone(&manifest), config)?;
    let tracer = bridges.tracer().clone();
    let invoke = Arc::new(OverHttp::new(&arguments.functions_url, &manifest));
    let duties = arguments.duties(&manifest);
    let background = Arc::new(Background::start(Arc::clone(&bridges), &duties, invoke.clone()));
    if let Some(path) = std::env::var_os(POLICIES_VARIABLE) {
        tokio::spawn(watch_policies(path.into(), Arc::clone(&bridges)));
    }
    let stopping = CancellationToken::new();
    let pages = Pages::new(Arc::clone(&bridges));
    pages.show(Arc::clone(&background));
    let ops = Arc::new(Ops { pages, stopping: stopping.clone() });
    let mut faces = JoinSet::new();
    let mut serve = |name: &str, listener: Listener, router: Router| {
        tracing::info!(address = %listener.address()?, "{name}");
        faces.spawn(listener.serve(router, stopping.clone().cancelled_owned()));
        anyhow::Ok(())
    };
    if let Some(address) = arguments.events {
        let gateway = Gateway::new(&manifest, invoke, shown(&token).to_owned(), tracer.clone());
        serve("events are taken", Listener::anywhere(address).await?, gateway.router())?;
    }
    // Shown until the very end: that the bridge is stopping, too.
    if let Some(address) = arguments.ops {
        let listener = Listener::anywhere(address).await?;
        tracing::info!(address = %listener.address()?, "ops are shown");
        tokio::spawn(listener.serve(Arc::clone(&ops).router(), std::future::pending()));
    }
    if !arguments.relay_only {
        let calls = Calls::new(&manifest, &bridges, token)?;
        let listener = Listener::bind(&arguments.listen).await?;
        serve("the bridge serves", listener, calls.router().merge(ops.router()))?;
    }
    stop.received().await;
    stopping.cancel();
    while let Some(ended) = faces.join_next().await {
        ended.context("a face panicked")??;
    }
    background.stop().await;
    tracer.finish().await;
    tracing::info!("the bridge has stopped");
    Ok(())
}
