//! One function on one thread: dropped, loaded or warm, and its limits.

use crate::body::{Body, Permit};
use crate::code::{self, CodeCache};
use crate::engine::TickerHandle;
use crate::error::CodeError;
use crate::grpc;
use crate::host::{Origin, State, Surroundings};
use crate::instance::{Blueprint, Factory, Lifetime, NoPlace, link};
use crate::problem::Problem;
use crate::request::{self, MAX_BODY_BYTES};
use crate::span;
use http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use mcsp_bridge_api::WARM_UP_PATH;
use mcsp_traces::{SpanContext, Tracer};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use wasmtime::component::Linker;
use wasmtime::{Engine, PoolConcurrencyLimitError};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::{ExpirationError, InstantiationError, ProxyHandler, TrapOrPanicError};

/// However silent a store is, a pinned function is ready after so long.
const WARM_UP_MAX: Duration = Duration::from_secs(2);

/// What all functions of a thread share.
pub(crate) struct Floor {
    pub engine: Engine,
    pub linker: Linker<State>,
    /// None where the code came with the program.
    pub cache: Option<CodeCache>,
    pub ticker: TickerHandle,
    /// Instances of those that are not pinned.
    pub places: Arc<Semaphore>,
    pub tracer: Tracer,
}

/// What a function is, whether or not it has code at the moment.
pub(crate) struct Outline {
    /// The `.wasm` file.
    pub source: PathBuf,
    /// Its compiled code.
    pub compiled: PathBuf,
    pub surroundings: Arc<Surroundings>,
    pub life: Lifetime,
    pub max_in_flight: u64,
    /// Whether it takes bodies as they arrive.
    pub streams_bodies: bool,
    /// Requests that are being served, on all threads.
    pub in_flight: Arc<AtomicU64>,
}

/// One function on one thread.
pub(crate) struct Function {
    floor: Arc<Floor>,
    outline: Outline,
    code: Mutex<Option<Code>>,
    /// Only one request compiles again what was lost.
    recovery: tokio::sync::Mutex<()>,
    /// Whether there was a request since the last look.
    used: AtomicBool,
}

struct Code {
    handler: ProxyHandler<Factory>,
    idle_since: Instant,
}

impl Function {
    pub(crate) fn new(floor: Arc<Floor>, outline: Outline) -> Self {
        Function {
            floor,
            outline,
            code: Mutex::new(None),
            recovery: tokio::sync::Mutex::new(()),
            used: AtomicBool::new(false),
        }
    }

    pub(crate) fn component(&self) -> &str {
        &self.outline.surroundings.component
    }

    /// Whether it takes bodies as they arrive.
    pub(crate) fn streams_bodies(&self) -> bool {
        self.outline.streams_bodies
    }

    fn is_pinned(&self) -> bool {
        self.outline.life.pinned > 0
    }

    /// Serves one request that came by a route, and records a span of it where requests are traced.
    pub(crate) async fn call(
        &self,
        route: &str,
        mut request: http::Request<WasiBody>,
    ) -> http::Response<Body> {
        let tracer = &self.floor.tracer;
        if !tracer.is_on() {
            return self.answer(request, None).await;
        }
        let mut span = span::begin(tracer, &self.outline.surroundings, route, &mut request);
        span.flag("faas.coldstart", self.loaded().is_none());
        let response = self.answer(request, span.context()).await;
        span::end(span, &response);
        response
    }

    /// The answer is whole: however slowly a client takes it, and whether or not it does,
    /// its place is free for the next.
    async fn answer(
        &self,
        request: http::Request<WasiBody>,
        span: Option<SpanContext>,
    ) -> http::Response<Body> {
        let stats = &self.outline.surroundings.stats;
        stats.called();
        let asks_grpc = grpc::asks(&request);
        let until = match grpc::until(&request) {
            Ok(until) => until,
            Err(malformed) => return malformed.response(),
        };
        let answer = match Permit::take(&self.outline.in_flight, self.outline.max_in_flight) {
            None => Err(Problem::Overloaded),
            Some(_place) => match self.handle_in_time(request, Origin { span, until }).await {
                Some(answer) => answer,
                None => return grpc::too_late(),
            },
        };
        let answer = answer.unwrap_or_else(|problem| {
            stats.failed();
            grpc::or_http(asks_grpc, problem)
        });
        stats.sent(answer.body().bytes());
        answer
    }

    /// None where the caller waits no longer, also if the function gave up for just that. Its instance serves on: what it still
    /// calls for the request ends with the caller's time.
    async fn handle_in_time(
        &self,
        request: http::Request<WasiBody>,
        origin: Origin,
    ) -> Option<Result<http::Response<Body>, Problem>> {
        let Some(until) = origin.until else { return Some(self.handle(request, origin).await) };
        let answer = tokio::time::timeout_at(until, self.handle(request, origin)).await.ok()?;
        (tokio::time::Instant::now() < until).then_some(answer)
    }

    async fn handle(
        &self,
        request: http::Request<WasiBody>,
        origin: Origin,
    ) -> Result<http::Response<Body>, Problem> {
        self.used.store(true, Relaxed);
        let handler = self.handler().await.map_err(|error| {
            let component = self.component();
            tracing::error!(
                component,
                error = mcsp_causes::in_one_line(&error),
                "function cannot be started"
            );
            Problem::FunctionUnavailable
        })?;
        let start = Instant::now();
        let answer = handler.handle(origin, request).await;
        let (head, body) = answer.map_err(|error| self.problem(&error, start))?.into_parts();
        let left = self.outline.life.timeout.saturating_sub(start.elapsed());
        let body = Limited::new(body, MAX_BODY_BYTES).collect();
        let body = tokio::time::timeout(left, body).await.map_err(|_| Problem::FunctionTimeout)?;
        let body = body.map_err(|error| {
            let (component, too_long) = (self.component(), error.is::<LengthLimitError>());
            tracing::warn!(component, too_long, %error, "function gave no whole answer");
            Problem::FunctionFailed
        })?;
        Ok(http::Response::from_parts(head, Body::collected(body)))
    }

    /// What a client is told of a request that got no answer.
    fn problem(&self, error: &wasmtime::Error, start: Instant) -> Problem {
        if error.is::<ExpirationError>() {
            return Problem::FunctionTimeout;
        }
        if error.is::<TrapOrPanicError>() {
            // The instance's end was logged with its cause. One that computed through its deadline was ended
            // for that.
            let late = start.elapsed() >= self.outline.life.timeout;
            return if late { Problem::FunctionTimeout } else { Problem::FunctionFailed };
        }
        let component = self.component();
        if let Some(failed) = error.downcast_ref::<InstantiationError<Origin>>() {
            tracing::warn!(component, error = %format!("{:#}", failed.error), "no instance for a request");
            let full = failed.error.is::<NoPlace>() || failed.error.is::<PoolConcurrencyLimitError>();
            return if full { Problem::Overloaded } else { Problem::FunctionFailed };
        }
        tracing::warn!(component, error = %format!("{error:#}"), "function gave no answer");
        Problem::FunctionFailed
    }

    /// Loads the code of a pinned function and makes its instances.
    pub(crate) async fn prepare(&self) -> Result<(), CodeError> {
        if self.is_pinned() {
            let handler = self.load()?;
            handler.state().0.fill().await.map_err(CodeError::Instantiate)?;
        }
        Ok(())
    }

    /// Has an instance of a pinned function get ready for its first request. It is no call of anybody's, and asked once: what is
    /// away is not pressed, and whoever comes first asks for it.
    pub(crate) async fn warm_up(&self) {
        if !self.is_pinned() {
            return;
        }
        let mut request = http::Request::new(request::empty());
        *request.uri_mut() = http::Uri::from_static(WARM_UP_PATH);
        let answer = self.handle(request, Origin { span: None, until: None });
        let status = match tokio::time::timeout(WARM_UP_MAX, answer).await {
            Ok(Ok(answer)) => answer.status(),
            Ok(Err(problem)) => problem.response().status(),
            Err(_) => StatusCode::GATEWAY_TIMEOUT,
        };
        // Most have nothing to do but to be there: 404.
        if status.is_server_error() {
            let (component, status) = (self.component(), status.as_u16());
            tracing::warn!(component, status, "not ready for a fast first answer: something is away");
        }
    }

    /// Drops the code of a function that was not used for the given time.
    pub(crate) fn drop_if_idle(&self, code_idle: Duration) {
        let mut code = self.code.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(loaded) = code.as_mut() else { return };
        if self.used.swap(false, Relaxed) || self.outline.in_flight.load(Relaxed) > 0 {
            loaded.idle_since = Instant::now();
        } else if !self.is_pinned() && loaded.idle_since.elapsed() >= code_idle {
            *code = None;
            self.outline.surroundings.stats.code_dropped();
            tracing::debug!(component = self.component(), "code dropped");
        }
    }

    async fn handler(&self) -> Result<ProxyHandler<Factory>, CodeError> {
        if let Some(handler) = self.loaded() {
            return Ok(handler);
        }
        self.outline.surroundings.stats.started_cold();
        // Mapping takes less than a hop to another thread would. While this thread does it no other request
        // of this thread can begin to do the same.
        match self.load() {
            Ok(handler) => Ok(handler),
            Err(_) => self.recover().await,
        }
    }

    fn loaded(&self) -> Option<ProxyHandler<Factory>> {
        let code = self.code.lock().unwrap_or_else(PoisonError::into_inner);
        code.as_ref().map(|code| code.handler.clone())
    }

    /// Compiles again: the cache was cleared while the runner ran.
    async fn recover(&self) -> Result<ProxyHandler<Factory>, CodeError> {
        let _only = self.recovery.lock().await;
        if let Some(handler) = self.loaded() {
            return Ok(handler);
        }
        if let Some(cache) = self.floor.cache.clone() {
            let source = self.outline.source.clone();
            let ensured = tokio::task::spawn_blocking(move || cache.ensure(&source)).await;
            if let Ok(ensured) = ensured {
                ensured?;
            }
        }
        self.load()
    }

    fn load(&self) -> Result<ProxyHandler<Factory>, CodeError> {
        let Floor { engine, linker, ticker, places, .. } = &*self.floor;
        let component = code::load(engine, &self.outline.compiled)
            .map_err(|source| CodeError::Compile { path: self.outline.compiled.clone(), source })?;
        let blueprint = Blueprint::new(
            engine.clone(),
            link(linker, &component)?,
            Arc::clone(&self.outline.surroundings),
            ticker.clone(),
            (!self.is_pinned()).then(|| Arc::clone(places)),
            self.outline.life,
        );
        let handler = ProxyHandler::new(Factory(Arc::new(blueprint)));
        let code = Code { handler: handler.clone(), idle_since: Instant::now() };
        *self.code.lock().unwrap_or_else(PoisonError::into_inner) = Some(code);
        self.outline.surroundings.stats.code_loaded();
        Ok(handler)
    }
}
