//! Licences for protected videos: the keys for a player that shows what its session gave it.

mod body;
mod clearkey;
mod forward;
mod problems;
mod settings;
mod shown;

use axum::routing::post;
use axum::{Extension, Router};
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;
use std::sync::Arc;

/// `/v1/playback/licences/clearkey`, and the same for the other key systems.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    let settings = Arc::new(settings::Settings::of(context)?);
    Ok(Router::new()
        .route("/v1/playback/licences/clearkey", post(clearkey::clearkey))
        .route("/v1/playback/licences/{key_system}", post(forward::forward))
        .layer(Extension(settings)))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    Section::new("Licences", "Keys for protected videos.", [clearkey::reference(), forward::reference()])
}

mcsp_function::component!(
    router,
    variables = [
        "issuer",
        "audience",
        "content_key_seeds",
        "licence_token_keys",
        "redis_patience_ms",
        "stale_ttl_s",
        "web_origins",
    ]
);
