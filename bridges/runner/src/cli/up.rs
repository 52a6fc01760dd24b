//! `mcsp up`: the whole platform on this machine, private stores and stand-ins included.

mod bridge;
mod host;
pub(super) mod keys;
pub(super) mod settings;
mod spin;

use super::reference::Reference;
use super::scaling::Scaling;
use super::state::StateDir;
use anyhow::Context;
use bridge::{ByDispatch, InProcess, Shown};
use clap::Args;
use host::{Embedded, Host};
use keys::Keys;
use mcsp_bridge::{Background, Bridges, Duties, POLICIES_VARIABLE, Pages, StopSignals, watch_policies};
use mcsp_bridge_api::token;
use mcsp_local::{Durability, Lines, Progress, SEARCH_VARIABLE, Source, Stack, StackConfig};
use mcsp_manifest::{DEAD_LETTER_SUFFIX, Manifest, Variables};
use mcsp_runner::{AdminAddress, Application, Runner, Settings};
use settings::Environment;
use spin::{Orders, Spin};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpSocket;

/// Partitions of each topic on one machine.
const PARTITIONS: i32 = 4;

/// Start everything on this machine: stores, bridge, functions, and stand-ins for what is outside
#[derive(Args, Debug)]
pub(super) struct Up {
    /// The manifest
    #[arg(long, default_value = "spin.toml")]
    manifest: PathBuf,
    /// The migrations
    #[arg(long, default_value = "migrations")]
    migrations: PathBuf,
    /// Where data, keys, logs and compiled code are kept
    #[arg(long, default_value = ".mcsp")]
    state_dir: PathBuf,
    /// Where compiled code is kept [default: `cache` in the state directory]
    #[arg(long)]
    cache_dir: Option<PathBuf>,
    /// Where the platform is served; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Do without safety against a crash of the machine: for tests
    #[arg(long)]
    fast: bool,
    /// Start a search engine, too (scripts/setup --search fetches it)
    #[arg(long)]
    search: bool,
    /// Let stock Spin, 4.1 or later, serve in the runner's place: this program, with mcsp-bridge beside it
    #[arg(
        long,
        value_name = "PROGRAM",
        conflicts_with_all = ["cache_dir", "Scaling", "Reference"],
    )]
    spin: Option<PathBuf>,
    #[command(flatten)]
    scaling: Scaling,
    #[command(flatten)]
    reference: Reference,
}

/// What runs, in the order in which it is started.
struct Platform {
    stack: Stack,
    host: Host,
}

impl Up {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> anyhow::Result<()> {
        let mut stop = StopSignals::new().context("cannot wait for signals")?;
        let state = StateDir::new(self.state_dir.clone());
        if let Some(program) = &self.spin {
            spin::check(program)?;
        }
        let listen = Reserved::take(self.listen)?;
        let manifest = Manifest::load(&self.manifest)?;
        let platform = tokio::select! {
            started = self.start(listen.address, manifest, &state) => started?,
            () = stop.received() => anyhow::bail!("stopped while starting"),
        };
        let url = format!("http://{}", listen.address);
        state.announce(&url)?;
        if let Some(mail) = platform.stack.mail() {
            eprintln!("mails are caught, and shown on {}", mail.url());
        }
        eprintln!("serving on {url}; try scripts/demo, or curl {url}/v1/search?q=anything");
        let ended = tokio::select! {
            error = platform.host.ended() => Err(error),
            () = stop.received() => Ok(()),
        };
        eprintln!("stopping");
        state.withdraw();
        tokio::select! {
            () = platform.stop() => ended,
            () = stop.received() => anyhow::bail!("stopped at once, at the second signal"),
        }
    }

    async fn start(
        &self,
        listen: SocketAddr,
        manifest: Manifest,
        state: &StateDir,
    ) -> anyhow::Result<Platform> {
        let durability = if self.fast { Durability::Fast } else { Durability::Durable };
        let search = if self.search { Source::from_env(SEARCH_VARIABLE) } else { Source::Off };
        let config = StackConfig { durability, search, ..StackConfig::platform(&self.state_dir) };
        let stack = Stack::start(config, &Lines).await?;
        match self.start_over(&stack, listen, Arc::new(manifest), state).await {
            Ok(host) => Ok(Platform { stack, host }),
            Err(error) => {
                stack.stop().await;
                Err(error)
            }
        }
    }

    async fn start_over(
        &self,
        stack: &Stack,
        listen: SocketAddr,
        manifest: Arc<Manifest>,
        state: &StateDir,
    ) -> anyhow::Result<Host> {
        let urls = stack.urls();
        let keys = Keys::open(&self.state_dir)?;
        let mut environment = Environment::new(&format!("http://{listen}"), &urls, &keys, &manifest)?;
        let spin = self.spin.as_deref().map(|program| anyhow::Ok((program, spin::bridge_port()?)));
        let spin = spin.transpose()?;
        if let Some((_, bridge)) = &spin {
            environment = environment.with_bridge_at(format!("http://{}", bridge.address));
        }
        let begun = Instant::now();
        let owner = urls.postgres.as_deref().context("there is no Postgres")?;
        mcsp_postgres::migrations::migrate(owner, &self.migrations, &environment.services(&manifest)).await?;
        Lines.done("The schemas are up to date", begun.elapsed());
        let config = environment.bridge(&manifest)?;
        if let Some(kafka) = &config.kafka {
            let begun = Instant::now();
            let topics = manifest.topics();
            let topics: Vec<&str> = topics
                .iter()
                .map(String::as_str)
                .filter(|topic| !topic.ends_with(DEAD_LETTER_SUFFIX))
                .collect();
            mcsp_kafka::ensure_topics(kafka, &topics, PARTITIONS).await?;
            Lines.done("The topics are there", begun.elapsed());
        }
        environment.write(&state.environment())?;
        let token = token::shown(&environment.variable("bridge_token").unwrap_or_default()).to_owned();
        let begun = Instant::now();
        let host = match &spin {
            Some((program, bridge)) => {
                let (manifest, state_dir) = (&self.manifest, &self.state_dir);
                let environment = Arc::new(environment);
                let orders = Orders { program, manifest, state_dir, listen, bridge, environment };
                Host::Spin(Box::new(Spin::start(orders).await?))
            }
            None => {
                let bridges = Bridges::new(Arc::clone(&manifest), config)?;
                Host::Runner(self.start_functions(listen, &manifest, &environment, bridges, state).await?)
            }
        };
        if let Some(cdn) = stack.cdn() {
            cdn.follow(format!("http://{listen}"), token);
        }
        Lines.done("The functions are ready", begun.elapsed());
        Ok(host)
    }

    async fn start_functions(
        &self,
        listen: SocketAddr,
        manifest: &Manifest,
        environment: &Environment,
        bridges: Arc<Bridges>,
        state: &StateDir,
    ) -> anyhow::Result<Embedded> {
        let cache_dir = self.cache_dir.clone().unwrap_or_else(|| self.state_dir.join("cache"));
        let admin = Some(AdminAddress::Unix(state.admin_socket()));
        let tracer = bridges.tracer().clone();
        let settings = Settings { listen, admin, tracer: tracer.clone(), ..self.scaling.settings(cache_dir) };
        let pages = Arc::new(Pages::new(Arc::clone(&bridges)));
        let application = Application {
            manifest: manifest.clone(),
            variables: Variables::resolve(manifest, |name| environment.variable(name))?,
            bridges: Arc::new(InProcess(Arc::clone(&bridges))),
            extensions: vec![Arc::new(Shown(Arc::clone(&pages)))],
            documents: self.reference.documents(&self.manifest)?,
        };
        let runner = Runner::start(settings, application).await?;
        let invoke = Arc::new(ByDispatch(runner.dispatcher()));
        if let Some(path) = std::env::var_os(POLICIES_VARIABLE) {
            tokio::spawn(watch_policies(path.into(), Arc::clone(&bridges)));
        }
        let background = Arc::new(Background::start(bridges, &Duties::all(manifest), invoke));
        pages.show(Arc::clone(&background));
        Ok(Embedded { runner, background, tracer })
    }
}

impl Platform {
    /// Backwards: what serves, then the stores.
    async fn stop(self) {
        self.host.stop().await;
        self.stack.stop().await;
    }
}

/// An address that is ours from now on, though nothing listens on it yet. It is taken before anything is
/// started, because what the stores and tokens are told holds it.
struct Reserved {
    address: SocketAddr,
    /// Bound, and shared with those that will listen.
    _held: TcpSocket,
}

impl Reserved {
    fn take(wanted: SocketAddr) -> anyhow::Result<Self> {
        let reserve = || {
            // One that shares its port would be let in beside another mcsp that listens there.
            let address = TcpListener::bind(wanted)?.local_addr()?;
            let held = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            held.set_reuseaddr(true)?;
            held.set_reuseport(true)?;
            held.bind(address)?;
            std::io::Result::Ok(Reserved { address, _held: held })
        };
        reserve().with_context(|| {
            format!("{wanted} cannot be listened on; choose another port: scripts/run --port N")
        })
    }
}
