//! Connections of clients: HTTP/1.1, or HTTP/2 without TLS (h2c, by prior knowledge), on one port.

use crate::client::client_of;
use crate::request;
use crate::worker::Worker;
use http::{HeaderName, HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use mcsp_linger::Lingering;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// The longest that a client may take for the head of a request, and for the first bytes of a connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_HEAD_BYTES: usize = 32 * 1024;
const MAX_HEADERS: usize = 100;

const MAX_STREAMS: u32 = 128;
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// How Spin tells functions where a request comes from: `address:port`.
const CLIENT_ADDRESS: HeaderName = HeaderName::from_static("spin-client-addr");

/// What an HTTP/2 client says first (RFC 9113, section 3.4).
const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How long to wait for the rest of what may become the preface.
const PREFACE_POLL: Duration = Duration::from_millis(5);

/// Serves one connection until it ends, or until the watcher has it end after its current request.
pub(crate) async fn serve(
    worker: Arc<Worker>,
    stream: TcpStream,
    watcher: Watcher,
    mut stop: watch::Receiver<bool>,
) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let first_bytes = tokio::select! {
        first_bytes = tokio::time::timeout(HEAD_TIMEOUT, speaks_http2(&stream)) => first_bytes,
        _ = stop.wait_for(|stop| *stop) => return,
    };
    let Ok(Ok(http2)) = first_bytes else { return };
    let Ok(peer) = stream.peer_addr() else { return };
    let Ok(peer_shown) = HeaderValue::from_str(&peer.to_string()) else { return };
    let service = service_fn(move |mut request: Request<Incoming>| {
        let worker = Arc::clone(&worker);
        // Whatever the client says of its address.
        let client = client_of(peer.ip(), request.headers(), worker.trusted_proxies());
        request.headers_mut().insert(CLIENT_ADDRESS, client.unwrap_or_else(|| peer_shown.clone()));
        async move { Ok::<_, Infallible>(request::serve(&worker, request).await) }
    });
    let io = TokioIo::new(Lingering::new(stream));
    let ended = if http2 {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(MAX_HEAD_BYTES as u32)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT);
        watcher.watch(builder.serve_connection(io, service)).await
    } else {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(MAX_HEAD_BYTES)
            .max_headers(MAX_HEADERS);
        watcher.watch(builder.serve_connection(io, service)).await
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut begin = [0; HTTP2_PREFACE.len()];
    loop {
        let length = stream.peek(&mut begin).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if !HTTP2_PREFACE.starts_with(begin.get(..length).unwrap_or_default()) {
            return Ok(false);
        }
        if length == HTTP2_PREFACE.len() {
            return Ok(true);
        }
        tokio::time::sleep(PREFACE_POLL).await;
    }
}
