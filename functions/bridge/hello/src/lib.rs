//! A function without a store: what a call costs before any work is done.

use axum::Router;
use axum::routing::get;

/// The routes, which also run natively: the twin that WebAssembly is measured against.
pub fn router() -> Router {
    Router::new().route("/hello", get(|| async { "hello\n" }))
}

mcsp_function::component!(router);
