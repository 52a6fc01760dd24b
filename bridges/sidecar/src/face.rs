//! The HTTP faces: calls of components, and what ops look at.

use crate::call;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use mcsp_bridge::{Bridges, Pages, StartError, Worker};
use mcsp_bridge_api::{Bridge, token};
use mcsp_manifest::Manifest;
use mcsp_traces::{SpanContext, within};
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The largest call: a request to a service with the longest body. The adapter sends none that is larger.
const CALL_MAX_BYTES: usize = 7 << 20;

/// What calls are answered from.
pub(crate) struct Calls {
    ports: HashMap<String, Arc<dyn Bridge>>,
    token: String,
}

impl Calls {
    /// To be made within the runtime that serves.
    pub(crate) fn new(
        manifest: &Manifest,
        bridges: &Arc<Bridges>,
        token: String,
    ) -> Result<Self, StartError> {
        let worker = Worker::new(Arc::clone(bridges))?;
        let port = |id: &String| Ok((id.clone(), worker.for_component(id)?));
        let ports = manifest.components.keys().map(port).collect::<Result<_, StartError>>()?;
        Ok(Calls { ports, token })
    }

    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/v1/{interface}/{function}", post(answer_call))
            .layer(DefaultBodyLimit::max(CALL_MAX_BYTES))
            .with_state(Arc::new(self))
    }
}

/// What ops look at: nothing of it is secret.
pub(crate) struct Ops {
    pub pages: Pages,
    pub stopping: CancellationToken,
}

impl Ops {
    pub(crate) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/healthz", get(|| async { StatusCode::NO_CONTENT }))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics))
            .route("/breakers", get(breakers))
            .with_state(self)
    }
}

async fn answer_call(
    State(calls): State<Arc<Calls>>,
    Path((interface, function)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let given = header(header::AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
    if !given.is_some_and(|given| token::accepts(&calls.token, given.as_bytes())) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Some(port) = header("mcsp-component").and_then(|id| calls.ports.get(id)) else {
        return (StatusCode::FORBIDDEN, "unknown component").into_response();
    };
    let answer = call::answer(&**port, &interface, &function, &body);
    match within(SpanContext::of(&headers), answer).await {
        Ok(answer) => ([(header::CONTENT_TYPE, "application/msgpack")], answer).into_response(),
        Err(call::Unanswerable::NoSuchFunction) => StatusCode::NOT_FOUND.into_response(),
        Err(call::Unanswerable::Malformed) => StatusCode::BAD_REQUEST.into_response(),
        Err(call::Unanswerable::Unencodable) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn ready(State(ops): State<Arc<Ops>>) -> StatusCode {
    // Open breakers do not make the bridge unready: what can still be served is.
    if ops.stopping.is_cancelled() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT }
}

async fn metrics(State(ops): State<Arc<Ops>>) -> impl IntoResponse {
    let mut text = String::new();
    ops.pages.metrics(&mut text);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}

async fn breakers(State(ops): State<Arc<Ops>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], ops.pages.breakers().to_string())
}
