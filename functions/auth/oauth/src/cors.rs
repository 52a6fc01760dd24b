//! Which routes scripts of other origins may call (Fetch Standard, section 3.3): those that an application in a browser
//! needs, none of which reads a cookie. So any origin may, and none gets more than whoever calls without a browser.

use axum::routing::MethodRouter;
use http::{HeaderName, Method, StatusCode, header};
use mcsp_function::{Context, DPOP};
use std::time::Duration;
use tower_http::cors::{Any, CorsLayer, Vary};

/// How long a browser need not ask again.
const ASKED_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// What scripts may read of an answer, beside what all may.
const READABLE: [HeaderName; 2] = [header::RETRY_AFTER, header::WWW_AUTHENTICATE];

/// A route that takes no cookie.
pub(crate) fn any_origin(route: MethodRouter<Context>) -> MethodRouter<Context> {
    let layer = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, DPOP])
        .expose_headers(READABLE)
        .max_age(ASKED_FOR)
        // The answer is the same for all of them. Caches would keep one that varies for each, or none at all.
        .vary(Vary::list([]));
    // The layer answers before the handler. Without one the method would be refused.
    route.options(async || StatusCode::OK).layer(layer)
}
