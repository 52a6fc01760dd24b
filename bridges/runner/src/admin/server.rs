//! Serves the admin face on a thread of its own, so that busy functions do not hide their state.

use super::{Extension, metrics};
use crate::problem::Problem;
use crate::settings::AdminAddress;
use crate::stats::{Account, FunctionReport};
use crate::worker::ACCEPT_RETRY;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Semaphore, watch};
use tokio_util::either::Either;

const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_CONNECTIONS: usize = 64;

/// What is shown.
pub(crate) struct Face {
    pub accounts: Arc<Vec<Account>>,
    pub extensions: Vec<Arc<dyn Extension>>,
    pub stopping: watch::Receiver<bool>,
}

/// The running admin face. Its thread ends when the runner stops.
pub(crate) struct Server {
    address: AdminAddress,
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Server {
    pub(crate) fn start(at: AdminAddress, face: Face) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (listener, address) = {
            let _within = runtime.enter();
            bind(at)?
        };
        let mut stopping = face.stopping.clone();
        let face = Arc::new(face);
        thread::Builder::new().name("mcsp-admin".into()).spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    () = accept(listener, face) => {}
                    _ = stopping.wait_for(|stop| *stop) => {}
                }
            });
        })?;
        Ok(Server { address })
    }

    pub(crate) fn address(&self) -> &AdminAddress {
        &self.address
    }
}

fn bind(at: AdminAddress) -> io::Result<(Listener, AdminAddress)> {
    match at {
        AdminAddress::Tcp(address) => {
            let listener = std::net::TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let listener = TcpListener::from_std(listener)?;
            let address = AdminAddress::Tcp(listener.local_addr()?);
            Ok((Listener::Tcp(listener), address))
        }
        AdminAddress::Unix(path) => {
            // What a runner that was killed left behind.
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Err(_) | Ok(()) => {}
            }
            Ok((Listener::Unix(UnixListener::bind(&path)?), AdminAddress::Unix(path)))
        }
    }
}

async fn accept(listener: Listener, face: Arc<Face>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let accepted = match &listener {
            Listener::Tcp(listener) => listener.accept().await.map(|(stream, _)| Either::Left(stream)),
            Listener::Unix(listener) => listener.accept().await.map(|(stream, _)| Either::Right(stream)),
        };
        match accepted {
            Ok(stream) => {
                let face = Arc::clone(&face);
                tokio::spawn(async move {
                    serve(stream, face).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection of the admin face");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, face: Arc<Face>) {
    let service = service_fn(|request: Request<Incoming>| {
        let response = face.answer(request.method(), request.uri().path());
        async move { Ok::<_, Infallible>(response.map(Full::new)) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "admin connection ended");
    }
}

impl Face {
    fn answer(&self, method: &Method, path: &str) -> Response<Bytes> {
        if method != Method::GET {
            return Problem::MethodNotAllowed("GET").response();
        }
        match path {
            "/healthz" => text(StatusCode::OK, "ok\n".into()),
            "/readyz" => match self.not_ready() {
                None => text(StatusCode::OK, "ready\n".into()),
                Some(reason) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
            },
            "/functions" => match serde_json::to_string(&self.reports()) {
                Ok(document) => json(document),
                Err(_) => Problem::FunctionFailed.response(),
            },
            "/metrics" => {
                let mut out = String::new();
                metrics::write(&self.reports(), &mut out);
                metrics::write_routes(&self.accounts, &mut out);
                for extension in &self.extensions {
                    extension.metrics(&mut out);
                }
                text(StatusCode::OK, out)
            }
            other => match self.extensions.iter().find_map(|extension| extension.page(other)) {
                Some(page) => json(page.to_string()),
                None => Problem::NotFound.response(),
            },
        }
    }

    fn reports(&self) -> Vec<FunctionReport> {
        self.accounts.iter().map(Account::report).collect()
    }

    fn not_ready(&self) -> Option<String> {
        if *self.stopping.borrow() {
            return Some("stopping".into());
        }
        self.extensions.iter().find_map(|extension| extension.not_ready())
    }
}

fn text(status: StatusCode, body: String) -> Response<Bytes> {
    with_type(status, "text/plain; charset=utf-8", body)
}

fn json(body: String) -> Response<Bytes> {
    with_type(StatusCode::OK, "application/json", body)
}

fn with_type(status: StatusCode, content_type: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
