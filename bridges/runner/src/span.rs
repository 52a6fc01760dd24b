//! The span of a request, as OpenTelemetry's conventions for HTTP servers have it, but for its path, which holds ids.

use crate::body::Body;
use crate::grpc::Status;
use crate::host::Surroundings;
use http::{Method, Request, Response};
use mcsp_traces::{Span, SpanContext, Tracer};

/// Begins it, and has the request say so: the function goes on with this span in logs, events and calls.
pub(crate) fn begin<B>(
    tracer: &Tracer,
    surroundings: &Surroundings,
    route: &str,
    request: &mut Request<B>,
) -> Span {
    let (parent, method) = (SpanContext::of(request.headers()), known(request.method()));
    let mut span = tracer.serve(&surroundings.service, parent, || format!("{method} {route}"));
    span.text("http.request.method", method);
    span.text("http.route", route);
    span.text("url.scheme", "http");
    span.text("mcsp.component", &surroundings.component);
    if let Some(context) = span.context() {
        context.put(request.headers_mut());
    }
    span
}

/// Ends it. What a client did wrong is no error of the server.
pub(crate) fn end(mut span: Span, answer: &Response<Body>) {
    let status = answer.status();
    span.number("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.fail(status.as_str());
    }
    if let Some(status) = Status::of(answer) {
        span.text("rpc.system", "grpc");
        span.number("rpc.grpc.status_code", status.number());
        if status.as_http().is_server_error() {
            span.fail(status.name());
        }
    }
}

/// Clients may send any word: those that are no methods are one.
fn known(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS => method.as_str(),
        _ => "_OTHER",
    }
}
