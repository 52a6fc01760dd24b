//! A server on loopback that does what a test tells it to, and a clock that a test moves.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "test fixtures fail the test that calls them")]

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use mcsp_bridge_api::services::{Request, Response};
use mcsp_guard::{Clock, GuardRegistry, PolicyTable};
use mcsp_services::{ResponseCache, Services, ServicesConfig, TargetConfig, Transport};
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A request as the server got it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its number, from 1.
    pub number: usize,
    pub method: String,
    pub path: String,
    pub headers: http::HeaderMap,
    pub body: Bytes,
}

pub struct Server {
    pub address: SocketAddr,
    count: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

pub type Answer = http::Response<Full<Bytes>>;

pub fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
    let mut builder = http::Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Full::new(body.into())).unwrap()
}

impl Server {
    /// A hyper server that answers with what `handler` gives.
    pub async fn start<F>(handler: impl Fn(Seen) -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let (listener, server) = Self::bind().await;
        let (count, seen) = (server.count.clone(), server.seen.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (handler, count, seen) = (handler.clone(), count.clone(), seen.clone());
                let service = service_fn(move |request: http::Request<Incoming>| {
                    let (handler, count, seen) = (handler.clone(), count.clone(), seen.clone());
                    async move {
                        let (parts, body) = request.into_parts();
                        let request = Seen {
                            number: count.fetch_add(1, Ordering::SeqCst) + 1,
                            method: parts.method.to_string(),
                            path: parts.uri.to_string(),
                            headers: parts.headers,
                            body: body.collect().await.unwrap().to_bytes(),
                        };
                        seen.lock().unwrap().push(request.clone());
                        Ok::<_, Infallible>(handler(request).await)
                    }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        server
    }

    /// A server that answers every request with the same bytes, whatever they are, and closes.
    pub async fn start_raw(bytes: &'static [u8]) -> Self {
        let (listener, server) = Self::bind().await;
        let count = server.count.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let count = count.clone();
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                        count.fetch_add(1, Ordering::SeqCst);
                        stream.write_all(bytes).await.ok();
                    }
                });
            }
        });
        server
    }

    async fn bind() -> (TcpListener, Self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, Server { address, count: Arc::default(), seen: Arc::default() })
    }

    pub fn requests(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    pub fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().cloned().unwrap()
    }

    pub fn target(&self) -> TargetConfig {
        TargetConfig::at(format!("http://{}", self.address))
    }
}

#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    pub fn advance_s(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// A caller `content` with a grant for `auth`.
pub struct Caller {
    pub services: Services,
    pub guards: Arc<GuardRegistry>,
    pub clock: Arc<ManualClock>,
    pub cache: Arc<ResponseCache>,
}

pub fn caller(target: TargetConfig) -> Caller {
    caller_with(ServicesConfig { targets: [("auth".into(), target)].into(), ..ServicesConfig::default() })
}

pub fn caller_with(config: ServicesConfig) -> Caller {
    let clock = Arc::new(ManualClock::default());
    let cache = Arc::new(ResponseCache::new(config.cache));
    let transport = Arc::new(Transport::with_clock(&config, cache.clone(), clock.clone()).unwrap());
    let guards = Arc::new(GuardRegistry::new(PolicyTable::default()));
    let services = Services::new("content", transport, &guards, ["auth", "unconfigured"]);
    Caller { services, guards, clock, cache }
}

pub fn get(path: &str) -> Request {
    Request {
        target: "auth".into(),
        method: "GET".into(),
        path: path.into(),
        headers: Vec::new(),
        body: Vec::new(),
        idempotent: false,
        deadline_ms: None,
    }
}

pub fn with_header(mut request: Request, name: &str, value: &str) -> Request {
    request.headers.push((name.into(), value.into()));
    request
}

pub fn text(response: &Response) -> String {
    String::from_utf8(response.body.clone()).unwrap()
}

pub fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
