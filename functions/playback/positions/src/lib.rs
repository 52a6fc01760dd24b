//! Where viewers stopped.

mod read;
mod view;
mod write;

use axum::Router;
use axum::routing::get;
use mcsp_function::{Context, MissingVariable};

/// `/v1/playback/positions/{video_id}`
pub fn router(_: &Context) -> Result<Router<Context>, MissingVariable> {
    Ok(Router::new().route("/v1/playback/positions/{video_id}", get(read::read).put(write::write)))
}

mcsp_function::component!(router, variables = ["issuer", "audience"]);
