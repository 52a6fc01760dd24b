//! `X-HTTP-Method-Override`: the method of a client whose surroundings let it send no `PATCH` and no `DELETE`.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any};
use http::{HeaderName, Method};
use mcsp_function::Context;
use mcsp_problem::Problem;
use tower_service::Service;

const OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

/// The methods of a path, of which a POST may name another one than its own.
pub(crate) fn told_by_header(methods: MethodRouter<Context>, context: &Context) -> MethodRouter<Context> {
    // Its own, as this is asked before any other router could say it.
    let methods = methods.fallback(async || Problem::method_not_allowed()).with_state(context.clone());
    any(async move |request: Request| answer(methods.clone(), request).await)
}

async fn answer(mut methods: MethodRouter, mut request: Request) -> Response {
    if request.method() == Method::POST
        && let Some(name) = request.headers().get(OVERRIDE)
    {
        match Method::from_bytes(name.as_bytes()) {
            Ok(method) => *request.method_mut() = method,
            Err(_) => return Problem::method_not_allowed().into_response(),
        }
    }
    match methods.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
