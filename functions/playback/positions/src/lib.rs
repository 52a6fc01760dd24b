//! Where viewers stopped.

mod forget;
mod overwrite;
mod read;
mod read_all;
mod view;
mod write;

use axum::routing::get;
use axum::{Extension, Router};
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;
use playback_storage::Bounds;

/// `/v1/playback/positions` and `/v1/playback/positions/{video_id}`
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    let bounds = Bounds::of(context)?;
    Ok(Router::new()
        .route("/v1/playback/positions", get(read_all::read_all))
        .route("/v1/playback/positions/{video_id}", get(read::read).put(write::write).delete(forget::forget))
        .layer(Extension(bounds)))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    let operations = [read_all::reference(), read::reference(), write::reference(), forget::reference()];
    Section::new("Positions", "Where viewers stopped.", operations)
}

mcsp_function::component!(
    router,
    variables = ["issuer", "audience", "redis_patience_ms", "stale_ttl_s", "web_origins"]
);
