//! One thread that serves: a listener, an engine, and the functions' instances on it.

use crate::body::Body;
use crate::client::Network;
use crate::connection;
use crate::dispatch::Job;
use crate::document::Document;
use crate::error::StartError;
use crate::function::Function;
use crate::grpc::Status;
use crate::requests::RouteStats;
use crate::settings::Settings;
use futures::future::join_all;
use http::{Request, Response};
use hyper_util::server::graceful::GracefulShutdown;
use mcsp_manifest::Router;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_util::task::TaskTracker;
use wasmtime_wasi_http::WasiBody;

/// Connections of one thread; more wait in the listener's backlog.
const MAX_CONNECTIONS: usize = 8_192;
const BACKLOG: u32 = 4_096;

/// Room for the bodies that one thread's clients have sent in part, or whole and not yet used. It is taken by
/// what has arrived: a client that promises much and sends little takes little.
const BODY_ROOM_BYTES: usize = 128 << 20;

/// How long to wait when no more sockets can be had, before the next is tried.
pub(crate) const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Unused code is looked for this many times within the time after which it is dropped.
const LOOKS_PER_CODE_IDLE: u32 = 8;

/// Where requests of a route go.
#[derive(Clone)]
pub(crate) struct Place {
    /// As the manifest has it.
    pub route: String,
    pub function: Arc<Function>,
    pub stats: Arc<RouteStats>,
}

impl Place {
    /// Has the function serve a request, and counts it.
    pub(crate) async fn serve(&self, request: Request<WasiBody>) -> Response<Body> {
        let begun = Instant::now();
        let response = self.function.call(&self.route, request).await;
        self.stats.answered(response.status(), Status::of(&response), begun.elapsed());
        response
    }
}

/// The functions of one thread.
pub(crate) struct Worker {
    functions: HashMap<String, Arc<Function>>,
    routes: Router<Place>,
    documents: Vec<Document>,
    public_events: bool,
    trusted_proxies: Vec<Network>,
    body_room: Semaphore,
    warming: Arc<AtomicUsize>,
}

impl Worker {
    pub(crate) fn new(
        functions: Vec<Arc<Function>>,
        places: Vec<Place>,
        documents: Vec<Document>,
        settings: &Settings,
        warming: Arc<AtomicUsize>,
    ) -> Result<Self, StartError> {
        let functions: HashMap<_, _> =
            functions.into_iter().map(|function| (function.component().to_owned(), function)).collect();
        let paths: Vec<String> = places.iter().map(|place| place.route.clone()).collect();
        let routes = Router::new(paths.iter().map(String::as_str).zip(places))?;
        Ok(Worker {
            functions,
            routes,
            documents,
            public_events: settings.public_events,
            trusted_proxies: settings.trusted_proxies.clone(),
            body_room: Semaphore::new(BODY_ROOM_BYTES),
            warming,
        })
    }

    pub(crate) fn function(&self, component: &str) -> Option<&Arc<Function>> {
        self.functions.get(component)
    }

    pub(crate) fn place_at(&self, path: &str) -> Option<&Place> {
        self.routes.find(path)
    }

    pub(crate) fn document_at(&self, path: &str) -> Option<&Document> {
        self.documents.iter().find(|document| document.is_at(path))
    }

    pub(crate) fn takes_public_events(&self) -> bool {
        self.public_events
    }

    pub(crate) fn trusted_proxies(&self) -> &[Network] {
        &self.trusted_proxies
    }

    pub(crate) fn body_room(&self) -> &Semaphore {
        &self.body_room
    }

    /// Whether pinned functions have got ready, on all threads.
    pub(crate) fn is_ready(&self) -> bool {
        self.warming.load(Relaxed) == 0
    }

    /// They may ask what this very process serves, so it serves already.
    async fn warm_up(&self) {
        join_all(self.functions.values().map(|function| function.warm_up())).await;
        self.warming.fetch_sub(1, Relaxed);
    }

    async fn drop_idle_code(&self, code_idle: Duration) {
        let mut looks = tokio::time::interval(code_idle / LOOKS_PER_CODE_IDLE);
        loop {
            looks.tick().await;
            for function in self.functions.values() {
                function.drop_if_idle(code_idle);
            }
        }
    }
}

/// What a worker thread is told from outside.
pub(crate) struct Orders {
    pub socket: TcpSocket,
    pub jobs: mpsc::Receiver<Job>,
    /// Resolves when all threads are ready and this one may accept.
    pub go: oneshot::Receiver<()>,
    /// Told once it does, and pinned functions have got ready.
    pub serving: oneshot::Sender<std::io::Result<()>>,
    pub stop: watch::Receiver<bool>,
    pub code_idle: Duration,
    pub drain: Duration,
}

/// Makes the instances of pinned functions, says so, serves until told to stop, and finishes what it serves.
pub(crate) async fn run(worker: Worker, mut orders: Orders, ready: oneshot::Sender<Result<(), StartError>>) {
    let worker = Arc::new(worker);
    for function in worker.functions.values() {
        if let Err(source) = function.prepare().await {
            let component = function.component().to_owned();
            let _gone = ready.send(Err(StartError::Component { component, source }));
            return;
        }
    }
    if ready.send(Ok(())).is_err() || orders.go.await.is_err() {
        return;
    }
    let listener = match orders.socket.listen(BACKLOG) {
        Ok(listener) => listener,
        Err(error) => return drop(orders.serving.send(Err(error))),
    };
    let cleaner = {
        let (worker, code_idle) = (Arc::clone(&worker), orders.code_idle);
        tokio::spawn(async move { worker.drop_idle_code(code_idle).await })
    };
    let connections = GracefulShutdown::new();
    let tasks = TaskTracker::new();
    let serving = async {
        worker.warm_up().await;
        // Whoever has given up waiting tells this thread to stop.
        drop(orders.serving.send(Ok(())));
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = serving => {}
        () = accept(&worker, listener, &connections, &tasks, orders.stop.clone()) => {}
        () = take_jobs(&worker, &mut orders.jobs, &tasks) => {}
        _ = orders.stop.wait_for(|stop| *stop) => {}
    }
    // Requests that were sent to the queue before it closes are served; later ones are refused.
    orders.jobs.close();
    take_jobs(&worker, &mut orders.jobs, &tasks).await;
    tasks.close();
    let finished = async {
        connections.shutdown().await;
        tasks.wait().await;
    };
    if tokio::time::timeout(orders.drain, finished).await.is_err() {
        tracing::warn!("requests were cut off: they took longer than the drain");
    }
    cleaner.abort();
}

async fn accept(
    worker: &Arc<Worker>,
    listener: TcpListener,
    connections: &GracefulShutdown,
    tasks: &TaskTracker,
    stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (worker, watcher) = (Arc::clone(worker), connections.watcher());
                let stop = stop.clone();
                tasks.spawn(async move {
                    connection::serve(worker, stream, watcher, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

async fn take_jobs(worker: &Arc<Worker>, jobs: &mut mpsc::Receiver<Job>, tasks: &TaskTracker) {
    while let Some(job) = jobs.recv().await {
        let worker = Arc::clone(worker);
        tasks.spawn(async move { job.run(&worker).await });
    }
}
