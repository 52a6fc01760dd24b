//! A function without a store: what a call costs before any work is done.

use axum::Router;
use axum::routing::get;

/// The routes, which also run natively: the twin that WebAssembly is measured against.
pub fn router() -> Router {
    Router::new().route("/hello", get(|| async { "hello\n" }))
}

#[cfg(target_arch = "wasm32")]
mod component {
    use axum::Router;
    use spin_sdk::http::{IntoResponse, Request};
    use std::sync::OnceLock;
    use tower_service::Service;

    /// The same for every request, so it is built once per instance.
    static ROUTER: OnceLock<Router> = OnceLock::new();

    #[spin_sdk::http_service]
    async fn handle(request: Request) -> impl IntoResponse {
        ROUTER.get_or_init(super::router).clone().call(request).await
    }
}
