//! The native twin: an endpoint's own router over the bridge's own code, without WebAssembly. One thread per
//! core, each with a listener of its own, as in the runner.

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use clap::{Args, ValueEnum};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use mcsp_bridge::{BridgeConfig, Bridges, Worker};
use mcsp_function::{Context, Endpoint, Environment, SystemClock, TimeOrderedIds};
use mcsp_manifest::{Manifest, Variables, environment};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use tokio::net::{TcpListener, TcpSocket};
use tower_service::Service;

/// Answered by every twin once it serves.
pub(crate) const HEALTH_PATH: &str = "/_mcsp/healthz";
const BACKLOG: u32 = 4_096;

/// Serve an endpoint natively
#[derive(Args, Clone, Debug)]
pub(crate) struct Twin {
    #[arg(value_enum)]
    endpoint: Which,
    /// The manifest that grants it what it needs
    #[arg(long, default_value = "spin.toml")]
    manifest: PathBuf,
    /// Where to serve
    #[arg(long)]
    listen: SocketAddr,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Which {
    Hello,
    PlaybackSessions,
}

impl Twin {
    /// Serves until the process is ended.
    pub fn run(self) -> anyhow::Result<()> {
        let bridge = match self.endpoint {
            Which::Hello => None,
            Which::PlaybackSessions => {
                let manifest = Arc::new(Manifest::load(&self.manifest)?);
                let config = BridgeConfig::from_env(&manifest)?;
                Some((Arc::clone(&manifest), Bridges::new(manifest, config)?))
            }
        };
        let threads: Vec<_> = (0..thread::available_parallelism()?.get())
            .map(|_| {
                let (listen, bridge) = (self.listen, bridge.clone());
                thread::spawn(move || serve(listen, bridge))
            })
            .collect();
        for thread in threads {
            thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??;
        }
        Ok(())
    }
}

type Bridge = Option<(Arc<Manifest>, Arc<Bridges>)>;

/// What a thread answers with.
#[derive(Clone)]
enum Served {
    Hello(Router),
    Endpoint(Arc<Endpoint>),
}

impl Served {
    async fn answer(self, request: hyper::Request<Incoming>) -> Result<axum::response::Response, Infallible> {
        match self {
            Served::Hello(mut router) => router.call(request.map(Body::new)).await,
            Served::Endpoint(endpoint) => Ok(endpoint.answer(request).await),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn serve(listen: SocketAddr, bridge: Bridge) -> anyhow::Result<()> {
    let served = match bridge {
        None => Served::Hello(hello::router().route(HEALTH_PATH, get(|| async {}))),
        Some((manifest, bridges)) => Served::Endpoint(Arc::new(playback_sessions(&manifest, bridges)?)),
    };
    let listener = listener(listen)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let served = served.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| served.clone().answer(request));
            let mut http = http1::Builder::new();
            let connection = http.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
            // A client that goes away ends its connection: nothing to tell.
            drop(connection.await);
        });
    }
}

fn playback_sessions(manifest: &Manifest, bridges: Arc<Bridges>) -> anyhow::Result<Endpoint> {
    const COMPONENT: &str = "playback-sessions";
    let variables = Variables::resolve(manifest, environment)?;
    let context = Context::new(Environment {
        bridge: Worker::new(bridges)?.for_component(COMPONENT)?,
        clock: Arc::new(SystemClock),
        ids: Arc::new(TimeOrderedIds),
        variables: variables.of(COMPONENT).into_iter().collect(),
    });
    let router = playback_sessions::router(&context).context("the endpoint's variables")?;
    Endpoint::new(router.route(HEALTH_PATH, get(|| async {})), context).context("the endpoint's variables")
}

fn listener(at: SocketAddr) -> anyhow::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    Ok(socket.listen(BACKLOG)?)
}
