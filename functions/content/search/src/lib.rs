//! Finding videos.

mod backend;
mod feed;
mod highlight;
mod oembed;
mod request;
mod search;
mod site;
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
        .route("/v1/creators/{id}/feed", get(feed::feed))
        .route("/v1/oembed", get(oembed::oembed))
        .layer(Extension(Arc::new(Settings::of(context)?)))
        .layer(Extension(Arc::new(site::Site::of(context)?)))
        .layer(content_images::store(context)?))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    Section::new(
        "Search",
        "Finding videos.",
        [search::reference(), suggest::reference(), feed::reference(), oembed::reference()],
    )
}

mcsp_function::component!(
    crate::router,
    variables = [
        "issuer",
        "audience",
        "search_index",
        "search_user",
        "search_password",
        "search_patience_ms",
        "app_name",
        "watch_url_template",
        "embed_url_template",
        "object_store_public_url",
        "object_store_region",
        "object_store_access_key",
        "object_store_secret_key",
        "object_store_buckets",
        "web_origins",
    ]
);
