//! What Playback learns from other services.

mod video_changed;

use axum::Router;
use axum::routing::post;
use mcsp_function::{Context, MissingVariable};

/// `/events/playback-events`
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("bridge_token")?;
    Ok(Router::new().route("/events/playback-events", post(video_changed::video_changed)))
}

mcsp_function::component!(router, variables = ["bridge_token"]);
