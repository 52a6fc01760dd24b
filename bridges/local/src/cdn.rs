//! A stand-in for the CDN: checks the signed URL, then serves the packaged file from the object store.

use crate::buckets::{Buckets, ObjectError};
use crate::cors;
use crate::edge_keys::{Believed, KeySource, follow};
use crate::error::LocalError;
use crate::http_server::{HttpServer, Peer};
use crate::state_dir::StateDir;
use bytes::Bytes;
use futures::TryStreamExt;
use futures::future::BoxFuture;
use http::header::{
    ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LOCATION, RANGE,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::Service;
use mcsp_playback_url::{Key, Verifier};
use std::convert::Infallible;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::Mutex;
use tokio::task::AbortHandle;

const NAME: &str = "cdn";
/// What stands before the token in every path.
const PATH_PREFIX: &str = "/p/";
/// What in a query has a newer token.
const TOKEN_PARAMETER: &str = "token";
/// Players keep a file no longer than this, so that a takedown shows soon.
const CACHE: HeaderValue = HeaderValue::from_static("private, max-age=60");
/// What a player needs to know of the store's answer.
const PASSED_ON: [http::HeaderName; 4] = [CONTENT_LENGTH, CONTENT_RANGE, ACCEPT_RANGES, ETAG];

type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// A running CDN stand-in.
#[derive(Debug)]
pub struct Cdn {
    edge: Edge,
    port: u16,
    server: Mutex<Option<HttpServer>>,
    following: OnceLock<AbortHandle>,
}

/// What a request needs.
#[derive(Clone, Debug)]
struct Edge {
    verifier: Believed,
    buckets: Buckets,
    bucket: String,
}

impl Cdn {
    pub(crate) async fn launch(
        state: &StateDir,
        buckets: Buckets,
        bucket: String,
        keys: Vec<Key>,
    ) -> Result<Self, LocalError> {
        let verifier = Arc::new(RwLock::new(Arc::new(Verifier::new(keys))));
        let edge = Edge { verifier, buckets, bucket };
        let cdn =
            Self { edge, port: state.port(NAME)?, server: Mutex::default(), following: OnceLock::new() };
        cdn.start().await?;
        Ok(cdn)
    }

    /// Serves; does nothing when it does so already.
    ///
    /// # Errors
    /// The port was taken meanwhile.
    pub async fn start(&self) -> Result<(), LocalError> {
        let mut server = self.server.lock().await;
        if server.is_none() {
            *server = Some(HttpServer::start(NAME, self.port, self.edge.clone()).await?);
        }
        Ok(())
    }

    /// Stops serving.
    pub async fn stop(&self) {
        if let Some(mut server) = self.server.lock().await.take() {
            server.stop().await;
        }
    }

    /// `http://host:port`; a playback URL is this, `/p/`, the token, `/` and the path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Has the platform at that URL, which answers to this token of its own, tell the keys from now on. Once is enough.
    pub fn follow(&self, url: String, token: String) {
        let believed = Arc::clone(&self.edge.verifier);
        self.following
            .get_or_init(|| tokio::spawn(follow(believed, KeySource { url, token })).abort_handle());
    }
}

impl Drop for Cdn {
    fn drop(&mut self) {
        if let Some(following) = self.following.get() {
            following.abort();
        }
    }
}

impl Service<Request<Incoming>> for Edge {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let edge = self.clone();
        Box::pin(async move {
            let mut response = edge.answer(&request).await;
            cors::allow(response.headers_mut(), cors::PLAYBACK);
            Ok(response)
        })
    }
}

impl Edge {
    async fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        if cors::is_preflight(request.method(), request.headers()) {
            return response(StatusCode::NO_CONTENT, Bytes::new());
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut refused =
                problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "only GET and HEAD");
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refused;
        }
        let renewed = renewed(request.uri().path(), request.uri().query().unwrap_or_default());
        let Some((token, path)) = signed(renewed.as_deref().unwrap_or(request.uri().path())) else {
            return problem(StatusCode::NOT_FOUND, "not_found", "there is nothing at this path");
        };
        let verifier = Arc::clone(&self.verifier.read().unwrap_or_else(PoisonError::into_inner));
        let address = request.extensions().get().map(|Peer(address): &Peer| *address);
        if let Err(refusal) = verifier.verify_from(address, token, path, now_unix_s()) {
            return problem(StatusCode::FORBIDDEN, refusal.code(), "the playback URL is not valid");
        }
        if let Some(renewed) = &renewed {
            return redirect(renewed);
        }
        self.serve(path, request.method() == Method::HEAD, request.headers().get(RANGE)).await
    }

    async fn serve(&self, path: &str, head_only: bool, range: Option<&HeaderValue>) -> Response<Body> {
        let object = match self.buckets.get(&self.bucket, path, range).await {
            Ok(object) => object,
            Err(ObjectError::NotFound) => {
                return problem(StatusCode::NOT_FOUND, "not_found", "there is no such file");
            }
            Err(ObjectError::Range) => {
                return problem(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    "range_invalid",
                    "the range lies outside the file",
                );
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the CDN's origin failed");
                return problem(StatusCode::BAD_GATEWAY, "origin_failed", "the file cannot be had now");
            }
        };
        let status = object.status();
        let mut headers = HeaderMap::new();
        for name in PASSED_ON {
            if let Some(value) = object.headers().get(&name) {
                headers.insert(name, value.clone());
            }
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
        headers.insert(CACHE_CONTROL, CACHE);
        let mut answer = if head_only {
            response(status, Bytes::new())
        } else {
            let bytes = object.bytes_stream().map_ok(Frame::data).map_err(Into::into);
            let mut streamed = Response::new(StreamBody::new(bytes).boxed_unsync());
            *streamed.status_mut() = status;
            streamed
        };
        *answer.headers_mut() = headers;
        answer
    }
}

/// The token of a URL's path, and the path that it is to open.
fn signed(url_path: &str) -> Option<(&str, &str)> {
    url_path.strip_prefix(PATH_PREFIX)?.split_once('/')
}

/// The path of a URL with the newer token of its query, where that has one, in the place of its own.
fn renewed(url_path: &str, query: &str) -> Option<String> {
    let mut parameters = query.split('&').filter_map(|parameter| parameter.split_once('='));
    let (_, token) = parameters.find(|(name, _)| *name == TOKEN_PARAMETER)?;
    let (_, path) = signed(url_path)?;
    Some(format!("{PATH_PREFIX}{token}/{path}"))
}

/// 307 to a path that may be read: what a manifest refers to relatively has its token, too (RFC 3986, section 5.1.3).
fn redirect(url_path: &str) -> Response<Body> {
    // What was verified is plain ASCII.
    let Ok(location) = HeaderValue::from_str(url_path) else {
        return problem(StatusCode::FORBIDDEN, "url_invalid", "the playback URL is not valid");
    };
    let mut response = response(StatusCode::TEMPORARY_REDIRECT, Bytes::new());
    response.headers_mut().insert(LOCATION, location);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The type of a packaged file, by its name.
pub(crate) fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("m3u8") => "application/vnd.apple.mpegurl",
        Some("mpd") => "application/dash+xml",
        Some("ts") => "video/mp2t",
        Some("m4s") => "video/iso.segment",
        Some("mp4") => "video/mp4",
        Some("vtt") => "text/vtt",
        Some("jpg") => "image/jpeg",
        _ => "application/octet-stream",
    }
}

fn response(status: StatusCode, body: Bytes) -> Response<Body> {
    let body = Full::new(body).map_err(|never: Infallible| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// A problem document (RFC 9457).
fn problem(status: StatusCode, code: &str, title: &str) -> Response<Body> {
    let document = serde_json::json!({ "status": status.as_u16(), "code": code, "title": title });
    let mut response = response(status, Bytes::from(document.to_string()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn now_unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
