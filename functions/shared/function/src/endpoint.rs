//! A router with what all endpoints have in common around it.

use crate::cors::{WebOrigins, asks_for_leave, leave};
use crate::trace::TRACEPARENT;
use crate::{Context, MissingVariable, RateLimit, TraceParent, limits};
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, Request, StatusCode};
use mcsp_bridge_api::WARM_UP_PATH;
use mcsp_problem::{Cause, Problem};
use tower_service::Service;

/// How a call of gRPC ended, where no message came of it.
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
/// `INTERNAL`, which stands for what is a 500 over HTTP.
const GRPC_INTERNAL: &str = "13";

/// An endpoint, ready to answer.
#[derive(Clone)]
pub struct Endpoint {
    router: Router,
    context: Context,
    web_origins: Option<WebOrigins>,
}

impl Endpoint {
    /// Gives the router its context, and a problem document for each path and method that it does not have.
    pub fn new(router: Router<Context>, context: Context) -> Result<Self, MissingVariable> {
        let web_origins = WebOrigins::of(&context)?;
        let router = router
            .fallback(async || Problem::not_found())
            .method_not_allowed_fallback(async || Problem::method_not_allowed())
            .with_state(context.clone());
        Ok(Endpoint { router, context, web_origins })
    }

    /// Answers a request, and lets pages read the answer that may.
    pub async fn answer<B>(&self, request: Request<B>) -> Response
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        if request.uri().path() == WARM_UP_PATH {
            return self.warm_up(request.map(Body::new)).await;
        }
        let Some(web_origins) = &self.web_origins else { return self.answer_in_trace(request).await };
        let page = web_origins.page(request.headers()).cloned();
        let mut response = if page.is_some() && asks_for_leave(&request) {
            leave(request.headers())
        } else {
            self.answer_in_trace(request).await
        };
        WebOrigins::allow(page, response.headers_mut());
        response
    }

    /// Answers who does not ask too often, carries the trace through, and logs once why a request failed.
    async fn answer_in_trace<B>(&self, request: Request<B>) -> Response
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let (mut parts, body) = request.into_parts();
        let trace = TraceParent::of(&parts.headers, || self.context.new_id::<mcsp_ids::Event>().uuid());
        parts.extensions.insert(trace.clone());
        let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
        let (limit, refusal) = match limits::take(&mut parts, &self.context).await {
            Some(verdict) => (Some(verdict.limit), verdict.refusal),
            None => (None, None),
        };
        let mut response = match refusal {
            Some(refusal) => refusal.into_response(),
            None => self.route(Request::from_parts(parts, Body::new(body))).await,
        };
        for (name, value) in limit.iter().flat_map(RateLimit::headers) {
            response.headers_mut().append(name, value);
        }
        if let Some(Cause(cause)) = response.extensions_mut().remove() {
            log(&trace, (&method, &path), &response, &cause);
        }
        if let Some(value) = trace.header() {
            response.headers_mut().insert(TRACEPARENT, value);
        }
        response
    }

    /// Gets what every request needs. A router that needs more has a route for it.
    async fn warm_up(&self, request: Request<Body>) -> Response {
        let keyring = self.context.keyring();
        if keyring.is_in_use() {
            let trace =
                TraceParent::of(request.headers(), || self.context.new_id::<mcsp_ids::Event>().uuid());
            if let Err(problem) = keyring.keys(&self.context, &trace).await {
                return problem.into_response();
            }
        }
        self.route(request).await
    }

    async fn route(&self, request: Request<Body>) -> Response {
        match self.router.clone().call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// What a function answers that could not be set up.
    pub fn unusable(error: &dyn std::error::Error) -> Response {
        Problem::internal(error).into_response()
    }
}

/// One line of JSON on standard error, where the host collects it.
fn log(trace: &TraceParent, (method, path): (&http::Method, &str), response: &Response, cause: &str) {
    let status = response.status();
    // A call of gRPC is 200 to HTTP however it ends.
    let grpc_status = response.headers().get(GRPC_STATUS).and_then(|value| value.to_str().ok());
    let is_ours = status == StatusCode::INTERNAL_SERVER_ERROR || grpc_status == Some(GRPC_INTERNAL);
    // A 500 is a fault of ours. With a 502, 503 or 504 something else is away or full: the breakers' and the pools' metrics tell
    // more of that than one line for each request.
    let level = if is_ours { "error" } else { "warn" };
    let mut line = serde_json::json!({
        "level": level, "message": "request failed", "method": method.as_str(), "path": path,
        "status": status.as_u16(), "cause": cause, "traceparent": trace.to_string(),
    });
    if let (Some(grpc_status), Some(fields)) = (grpc_status, line.as_object_mut()) {
        fields.insert("grpc_status".to_owned(), grpc_status.into());
    }
    eprintln!("{line}");
}
