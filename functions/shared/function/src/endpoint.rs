//! A router with what all endpoints have in common around it.

use crate::trace::TRACEPARENT;
use crate::{Context, TraceParent};
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{Request, StatusCode};
use mcsp_problem::{Cause, Problem};
use tower_service::Service;

/// An endpoint, ready to answer.
#[derive(Clone)]
pub struct Endpoint {
    router: Router,
    context: Context,
}

impl Endpoint {
    /// Gives the router its context, and a problem document for each path and method that it does not have.
    pub fn new(router: Router<Context>, context: Context) -> Self {
        let router = router
            .fallback(async || Problem::not_found())
            .method_not_allowed_fallback(async || Problem::method_not_allowed())
            .with_state(context.clone());
        Endpoint { router, context }
    }

    /// Answers, carries the trace through, and logs once why a request failed.
    pub async fn answer<B>(&self, mut request: Request<B>) -> Response
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let trace = TraceParent::of(request.headers(), || self.context.new_id::<mcsp_ids::Event>().uuid());
        request.extensions_mut().insert(trace.clone());
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let mut router = self.router.clone();
        let mut response = match router.call(request.map(Body::new)).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if let Some(Cause(cause)) = response.extensions_mut().remove() {
            log(&trace, &method, &path, response.status(), &cause);
        }
        if let Some(value) = trace.header() {
            response.headers_mut().insert(TRACEPARENT, value);
        }
        response
    }

    /// What a function answers that could not be set up.
    pub fn unusable(error: &dyn std::error::Error) -> Response {
        Problem::internal(error).into_response()
    }
}

/// One line of JSON on standard error, where the host collects it.
fn log(trace: &TraceParent, method: &http::Method, path: &str, status: StatusCode, cause: &str) {
    let level = if status.is_server_error() { "error" } else { "warn" };
    let line = serde_json::json!({
        "level": level, "message": "request failed", "method": method.as_str(), "path": path,
        "status": status.as_u16(), "cause": cause, "traceparent": trace.to_string(),
    });
    eprintln!("{line}");
}
