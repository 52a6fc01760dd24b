//! Starts and stops everything: engines, threads, listeners.

use crate::admin::{self, Extension};
use crate::bridges::BridgeFactory;
use crate::code::{self, CodeCache};
use crate::dispatch::{self, Dispatcher};
use crate::document::Document;
use crate::engine::{self, Ticker};
use crate::error::{CodeError, StartError};
use crate::function::{Floor, Function, Outline};
use crate::host::{self, Surroundings};
use crate::instance::{self, Lifetime};
use crate::precompiled;
use crate::requests::RouteAccount;
use crate::settings::{AdminAddress, Settings};
use crate::stats::{Account, FunctionReport, FunctionStats};
use crate::usage::Usage;
use crate::worker::{self, Orders, Place, Worker};
use mcsp_manifest::{Component, Manifest, Variables};
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

/// What a runner serves, and what with.
pub struct Application {
    /// Components, routes and limits.
    pub manifest: Manifest,
    /// The values of the components' variables.
    pub variables: Variables,
    /// Makes the bridge of each component.
    pub bridges: Arc<dyn BridgeFactory>,
    /// What the admin face shows beside the runner's own.
    pub extensions: Vec<Arc<dyn Extension>>,
    /// What is shown where no function has the path.
    pub documents: Vec<Document>,
}

/// A runner that serves. Dropping it stops it without waiting for requests.
pub struct Runner {
    address: SocketAddr,
    accounts: Arc<Vec<Account>>,
    dispatcher: Dispatcher,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
    admin: Option<admin::Server>,
    // Stopped after the threads whose engines it ticks.
    _ticker: Ticker,
}

type Ready = oneshot::Receiver<Result<(), StartError>>;

/// A thread that is starting.
struct Starting {
    thread: JoinHandle<()>,
    ready: Ready,
    go: oneshot::Sender<()>,
    serving: oneshot::Receiver<std::io::Result<()>>,
}

impl Runner {
    /// Compiles what is not compiled yet, makes the instances of pinned functions, and only then listens. It serves once those have got
    /// ready.
    pub async fn start(settings: Settings, application: Application) -> Result<Self, StartError> {
        let application = Arc::new(application);
        let compiled = compile_all(&settings, &application).await?;
        let (address, sockets) = bind(settings.listen, settings.workers.max(1))?;
        let ticker = Ticker::start().map_err(StartError::Thread)?;
        let accounts = Arc::new(accounts(&application.manifest, sockets.len()));
        let warming = Arc::new(AtomicUsize::new(sockets.len()));
        let (stop, stopping) = watch::channel(false);
        let (mut queues, mut starting) = (Vec::new(), Vec::new());
        for (index, socket) in sockets.into_iter().enumerate() {
            let (queue, jobs) = mpsc::channel(dispatch::QUEUE);
            let (go, may_go) = oneshot::channel();
            let (told, serving) = oneshot::channel();
            let orders = Orders {
                socket,
                jobs,
                go: may_go,
                serving: told,
                stop: stopping.clone(),
                code_idle: settings.code_idle,
                drain: settings.drain,
            };
            let thread = Thread {
                index,
                settings: settings.clone(),
                application: Arc::clone(&application),
                accounts: Arc::clone(&accounts),
                compiled: Arc::clone(&compiled),
                engine: engine::new(settings.workers).map_err(StartError::Engine)?,
                ticker: ticker.handle(),
                warming: Arc::clone(&warming),
            };
            ticker.add(&thread.engine);
            queues.push(queue);
            let (thread, ready) = thread.spawn(orders)?;
            starting.push(Starting { thread, ready, go, serving });
        }
        let threads = await_all(address, starting).await?;
        let admin = match settings.admin {
            None => None,
            Some(at) => Some(start_admin(at, Arc::clone(&accounts), &application, stopping)?),
        };
        let dispatcher = Dispatcher::new(queues);
        Ok(Runner { address, accounts, dispatcher, stop, threads, admin, _ticker: ticker })
    }

    /// Where it serves.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the admin face is, with the port that it got.
    pub fn admin_address(&self) -> Option<&AdminAddress> {
        self.admin.as_ref().map(admin::Server::address)
    }

    /// Hands requests to functions from within the process.
    pub fn dispatcher(&self) -> Dispatcher {
        self.dispatcher.clone()
    }

    /// What each function does and costs, by component.
    pub fn functions(&self) -> Vec<FunctionReport> {
        self.accounts.iter().map(Account::report).collect()
    }

    /// Stops accepting, finishes the requests that are being served within the drain time, and ends.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let threads = std::mem::take(&mut self.threads);
        let joined = tokio::task::spawn_blocking(move || {
            for thread in threads {
                if thread.join().is_err() {
                    tracing::error!("a worker thread panicked");
                }
            }
        });
        let _ended = joined.await;
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// What a worker thread is made of.
struct Thread {
    index: usize,
    settings: Settings,
    application: Arc<Application>,
    accounts: Arc<Vec<Account>>,
    compiled: Arc<HashMap<String, PathBuf>>,
    engine: wasmtime::Engine,
    ticker: engine::TickerHandle,
    /// Threads whose pinned functions are not ready yet.
    warming: Arc<AtomicUsize>,
}

impl Thread {
    fn spawn(self, orders: Orders) -> Result<(JoinHandle<()>, Ready), StartError> {
        let (ready_sender, ready) = oneshot::channel();
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
        let thread = thread::Builder::new()
            .name(format!("mcsp-worker-{}", self.index))
            .spawn(move || {
                runtime.block_on(async move {
                    match self.worker() {
                        Ok(worker) => worker::run(worker, orders, ready_sender).await,
                        Err(error) => drop(ready_sender.send(Err(error))),
                    }
                });
                // Instances that compute on are not waited for.
                runtime.shutdown_timeout(Duration::ZERO);
            })
            .map_err(StartError::Thread)?;
        Ok((thread, ready))
    }

    /// Runs on the worker's own thread and runtime, which its bridges may use.
    fn worker(&self) -> Result<Worker, StartError> {
        let floor = Arc::new(Floor {
            engine: self.engine.clone(),
            linker: host::linker(&self.engine).map_err(StartError::Engine)?,
            cache: match self.settings.precompiled {
                None => Some(cache(&self.settings, &self.engine)?),
                Some(_) => None,
            },
            ticker: self.ticker.clone(),
            places: Arc::new(Semaphore::new(self.places())),
            tracer: self.settings.tracer.clone(),
        });
        let (mut functions, mut places) = (Vec::new(), Vec::new());
        for account in self.accounts.iter() {
            let (Some(component), Some(compiled), Some(stats)) = (
                self.application.manifest.components.get(&account.component),
                self.compiled.get(&account.component),
                account.per_worker.get(self.index),
            ) else {
                continue;
            };
            let outline = self.outline(component, compiled.clone(), account, Arc::clone(stats));
            let function = Arc::new(Function::new(Arc::clone(&floor), outline));
            for route in &account.routes {
                let Some(stats) = route.per_worker.get(self.index).map(Arc::clone) else { continue };
                places.push(Place { route: route.route.clone(), function: Arc::clone(&function), stats });
            }
            functions.push(function);
        }
        let documents = self.application.documents.clone();
        Worker::new(functions, places, documents, &self.settings, Arc::clone(&self.warming))
    }

    /// How many instances functions without a pin may have together on one thread. The rest is for those with one, whatever
    /// the others do: for each of their requests, but half of all at the most.
    fn places(&self) -> usize {
        let all = engine::max_instances(self.settings.workers) as usize;
        let components = self.application.manifest.components.values();
        let limits =
            components.map(|component| &component.settings.limits).filter(|limits| limits.pinned > 0);
        let kept: u64 =
            limits.map(|limits| u64::from(limits.pinned) + u64::from(limits.max_concurrent_requests)).sum();
        all - usize::try_from(kept).unwrap_or(usize::MAX).min(all / 2)
    }

    fn outline(
        &self,
        component: &Component,
        compiled: PathBuf,
        account: &Account,
        stats: Arc<FunctionStats>,
    ) -> Outline {
        let limits = &component.settings.limits;
        let pinned = (limits.pinned as usize).div_ceil(self.settings.workers.max(1));
        Outline {
            source: component.source.clone(),
            compiled,
            surroundings: Arc::new(Surroundings {
                component: Arc::from(component.id.as_str()),
                service: Arc::from(component.service()),
                bridge: self.application.bridges.for_component(&component.id),
                variables: Arc::new(self.application.variables.of(&component.id)),
                memory_limit_bytes: (limits.memory_mib as usize) << 20,
                stats,
            }),
            life: Lifetime {
                reuse: self.settings.reuse,
                timeout: Duration::from_millis(limits.timeout_ms),
                idle: if pinned > 0 { self.settings.code_idle } else { self.settings.instance_idle },
                pinned,
            },
            max_in_flight: u64::from(limits.max_concurrent_requests),
            streams_bodies: limits.streams_bodies,
            in_flight: Arc::clone(&account.in_flight),
        }
    }
}

fn cache(settings: &Settings, engine: &wasmtime::Engine) -> Result<CodeCache, StartError> {
    CodeCache::open(settings.cache_dir.clone(), engine.clone())
        .map_err(|source| StartError::Component { component: "cache".into(), source })
}

/// Compiles every component that is not compiled yet, and checks that the new ones can be linked.
async fn compile_all(
    settings: &Settings,
    application: &Arc<Application>,
) -> Result<Arc<HashMap<String, PathBuf>>, StartError> {
    let (settings, application) = (settings.clone(), Arc::clone(application));
    let compiling = tokio::task::spawn_blocking(move || {
        let engine = engine::new(settings.workers).map_err(StartError::Engine)?;
        if let Some(dir) = &settings.precompiled {
            return Ok(Arc::new(precompiled::find_all(&engine, dir, &application.manifest)?));
        }
        let cache = cache(&settings, &engine)?;
        let mut compiled = HashMap::new();
        for component in application.manifest.components.values() {
            let path = compile(&cache, &engine, component)
                .map_err(|source| StartError::Component { component: component.id.clone(), source })?;
            compiled.insert(component.id.clone(), path);
        }
        Ok(Arc::new(compiled))
    });
    compiling.await.map_err(|panic| StartError::Thread(std::io::Error::other(panic)))?
}

fn compile(
    cache: &CodeCache,
    engine: &wasmtime::Engine,
    component: &Component,
) -> Result<PathBuf, CodeError> {
    let (path, fresh) = cache.ensure(&component.source)?;
    if fresh {
        let loaded = code::load(engine, &path).map_err(CodeError::Link)?;
        let linker = host::linker(engine).map_err(CodeError::Link)?;
        instance::link(&linker, &loaded)?;
    }
    Ok(path)
}

/// Binds one socket per thread to the same address; none listens yet.
fn bind(address: SocketAddr, count: usize) -> Result<(SocketAddr, Vec<TcpSocket>), StartError> {
    let refused = |source| StartError::Listen { address, source };
    // With SO_REUSEPORT a second runner would share the port in silence, so first see whether it is free.
    drop(TcpListener::bind(address).map_err(refused)?);
    let mut bound = address;
    let mut sockets = Vec::new();
    for _ in 0..count {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let socket = socket.map_err(refused)?;
        socket.set_reuseaddr(true).map_err(refused)?;
        socket.set_reuseport(true).map_err(refused)?;
        socket.bind(bound).map_err(refused)?;
        bound = socket.local_addr().map_err(refused)?;
        sockets.push(socket);
    }
    Ok((bound, sockets))
}

fn accounts(manifest: &Manifest, workers: usize) -> Vec<Account> {
    manifest
        .components
        .values()
        .map(|component| {
            let usage = Arc::<Usage>::default();
            let stats = || Arc::new(FunctionStats::new(Arc::clone(&usage)));
            Account {
                component: component.id.clone(),
                service: component.settings.grants.service.clone(),
                pinned: component.settings.limits.pinned,
                memory_limit_bytes: u64::from(component.settings.limits.memory_mib) << 20,
                in_flight: Arc::new(AtomicU64::new(0)),
                per_worker: (0..workers).map(|_| stats()).collect(),
                routes: routes_of(manifest, &component.id, workers),
                usage,
            }
        })
        .collect()
}

fn routes_of(manifest: &Manifest, component: &str, workers: usize) -> Vec<RouteAccount> {
    let routes = manifest.routes.iter().filter(|route| route.component == component);
    routes.map(|route| RouteAccount::new(&route.path, workers)).collect()
}

/// Waits until every thread has its instances, then has all of them listen, and waits until they serve.
async fn await_all(address: SocketAddr, starting: Vec<Starting>) -> Result<Vec<JoinHandle<()>>, StartError> {
    let lost = |_| StartError::Thread(std::io::Error::other("a worker thread panicked"));
    let (mut threads, mut going, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
    for Starting { thread, ready, go, serving } in starting {
        ready.await.map_err(lost)??;
        threads.push(thread);
        going.push(go);
        waiting.push(serving);
    }
    for go in going {
        // A thread that is gone does not answer either.
        let _gone = go.send(());
    }
    for serving in waiting {
        serving.await.map_err(lost)?.map_err(|source| StartError::Listen { address, source })?;
    }
    Ok(threads)
}

fn start_admin(
    at: AdminAddress,
    accounts: Arc<Vec<Account>>,
    application: &Application,
    stopping: watch::Receiver<bool>,
) -> Result<admin::Server, StartError> {
    let face = admin::Face { accounts, extensions: application.extensions.clone(), stopping };
    let address = match &at {
        AdminAddress::Tcp(address) => address.to_string(),
        AdminAddress::Unix(path) => path.display().to_string(),
    };
    admin::Server::start(at, face).map_err(|source| StartError::Admin { address, source })
}
