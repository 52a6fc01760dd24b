//! Keeps the index of the search engine, and builds it anew.

mod activate;
mod begin;
mod consume;
mod fill;

use axum::routing::post;
use axum::{Extension, Router};
use content_index::Settings;
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;
use std::sync::Arc;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("bridge_token")?;
    Ok(Router::new()
        .route("/events/content-indexer", post(consume::consume))
        .route("/v1/search-indexes", post(begin::begin))
        .route("/v1/search-indexes/{name}/videos", post(fill::fill))
        .route("/v1/search-indexes/{name}/activate", post(activate::activate))
        .layer(Extension(Arc::new(Settings::of(context)?))))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    let operations = [begin::reference(), fill::reference(), activate::reference()];
    Section::new("Search index", "Building the index of the search engine anew.", operations)
}

mcsp_function::component!(
    crate::router,
    variables = ["bridge_token", "search_index", "search_user", "search_password", "search_patience_ms"]
);
