//! Uploads whose bytes the platform fetches from where they are: begun with an address, and brought in step by step.

mod advance;
mod create;
mod due;
mod source;

use axum::Router;
use axum::routing::post;
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;
use upload_lifecycle::WithoutPlan;

/// The routes; that of events is for the bridge only.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("bridge_token")?;
    Ok(Router::new()
        .route("/v1/uploads/pull", post(create::create))
        .route("/events/upload-pull", post(advance::advance))
        .layer(WithoutPlan::of(context)?)
        .layer(upload_bytes::store(context)?))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    Section::new(
        "Uploads by address",
        "Files that the platform fetches from where they are. They become uploads as all others, under the same ids and limits.",
        [create::reference()],
    )
}

mcsp_function::component!(
    router,
    variables = [
        "bridge_token",
        "issuer",
        "audience",
        "object_store_public_url",
        "object_store_region",
        "object_store_access_key",
        "object_store_secret_key",
        "object_store_buckets",
        "upload_quota_bytes",
        "upload_open_limit",
        "web_origins",
    ]
);
