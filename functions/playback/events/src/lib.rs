//! What Playback learns from other services.

mod account_erased;
mod consume;
mod video_changed;

use axum::Router;
use axum::routing::post;
use mcsp_function::{Context, MissingVariable};

/// `/events/playback-events`
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("bridge_token")?;
    Ok(Router::new().route("/events/playback-events", post(consume::consume)))
}

mcsp_function::component!(router, variables = ["bridge_token"]);
