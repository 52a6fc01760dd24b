//! What Upload learns from others: from the transcoding pipeline, from Auth, Content and Subscription, and from the clock.

mod account_erased;
mod changed;
mod consume;
mod settle;
mod subscription_changed;
mod sweep;
mod video_purged;
mod video_transferred;

use axum::Router;
use axum::routing::post;
use mcsp_function::{Context, MissingVariable};

/// The routes, for the bridge only.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("bridge_token")?;
    let store = upload_bytes::store(context)?;
    Ok(Router::new().route("/events/upload-pipeline", post(consume::consume)).layer(store))
}

mcsp_function::component!(
    router,
    variables = [
        "bridge_token",
        "object_store_public_url",
        "object_store_region",
        "object_store_access_key",
        "object_store_secret_key",
        "object_store_buckets",
    ]
);
