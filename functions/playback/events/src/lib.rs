//! What Playback learns from other services.

mod account_changed;
mod account_decided;
mod consume;
mod settle;
mod subscription_changed;
mod video_changed;
mod video_decided;

use axum::routing::post;
use axum::{Extension, Router};
use mcsp_function::{Context, MissingVariable};
use playback_storage::Bounds;

/// `/events/playback-events`
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("bridge_token")?;
    let bounds = Bounds::of(context)?;
    Ok(Router::new().route("/events/playback-events", post(consume::consume)).layer(Extension(bounds)))
}

mcsp_function::component!(router, variables = ["bridge_token", "redis_patience_ms", "stale_ttl_s"]);
