//! Finding videos.

mod backend;
mod highlight;
mod request;
mod search;
mod suggest;
mod view;

use axum::routing::get;
use axum::{Extension, Router};
use content_index::Settings;
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;
use std::sync::Arc;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("issuer")?;
    context.variable("audience")?;
    Ok(Router::new()
        .route("/v1/search", get(search::search))
        .route("/v1/search/suggest", get(suggest::suggest))
        .layer(Extension(Arc::new(Settings::of(context)?))))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    Section::new("Search", "Finding videos.", [search::reference(), suggest::reference()])
}

mcsp_function::component!(
    crate::router,
    variables =
        ["issuer", "audience", "search_index", "search_user", "search_password", "search_patience_ms"]
);
