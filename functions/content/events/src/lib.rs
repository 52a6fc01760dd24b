//! Content's consumer: videos come to be, and become ready, by events of Upload and of the pipeline.

mod account_changed;
mod consume;
mod draft_due;
mod draft_submitted;
mod draft_uploaded;
mod not_yet;
mod offer_due;
mod processing_finished;
mod publication_due;
mod purge_due;
mod thumbnails;
mod thumbnails_due;
mod upload_initiated;
mod video_decided;

use axum::Router;
use axum::routing::post;
use mcsp_function::{Context, MissingVariable};

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("bridge_token")?;
    let store = content_images::store(context)?;
    Ok(Router::new().route("/events/content-events", post(consume::consume)).layer(store))
}

mcsp_function::component!(
    crate::router,
    variables = [
        "bridge_token",
        "object_store_public_url",
        "object_store_region",
        "object_store_access_key",
        "object_store_secret_key",
        "object_store_buckets",
    ]
);
