//! `/v1/playback/signing-keys`, the keys that sign playback URLs; and `/v1/edge-keys`, as the edge is given them.

mod edge;
mod list;
mod rotate;
mod view;

use axum::routing::get;
use axum::{Extension, Router};
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("bridge_token")?;
    let rotating = rotate::Rotating::of(context)?;
    Ok(Router::new()
        .route("/v1/playback/signing-keys", get(list::list).post(rotate::rotate))
        .route("/v1/edge-keys", get(edge::edge_keys))
        .layer(Extension(rotating)))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    let operations = [list::reference(), rotate::reference(), edge::reference()];
    Section::new("Playback keys", "The keys that sign playback URLs.", operations)
}

mcsp_function::component!(
    router,
    variables =
        ["issuer", "audience", "bridge_token", "playback_url_keys", "sealing_keys", "signing_key_lead_s"]
);
