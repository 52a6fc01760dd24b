//! Upload sessions: signed URLs for the bytes, and what becomes of them.

mod cancel;
mod complete;
mod create;
mod delegate;
mod get;
mod list;
mod list_parts;
mod quota;
mod sign_parts;

use axum::Router;
use axum::routing::{get, post};
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;
use upload_lifecycle::WithoutPlan;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    Ok(Router::new()
        .route("/v1/uploads", post(create::create).get(list::list))
        .route("/v1/uploads/quota", get(quota::show))
        .route("/v1/uploads/{id}", get(get::get).delete(cancel::cancel))
        .route("/v1/uploads/{id}/parts", post(sign_parts::sign_parts).get(list_parts::list_parts))
        .route("/v1/uploads/{id}/complete", post(complete::complete))
        .route("/v1/uploads/{id}/token", post(delegate::delegate))
        .layer(WithoutPlan::of(context)?)
        .layer(upload_bytes::store(context)?))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    Section::new(
        "Uploads",
        "Signed URLs for the bytes, which go to the object store and never through this API, and what becomes of them.",
        [
            create::reference(),
            list::reference(),
            quota::reference(),
            get::reference(),
            cancel::reference(),
            sign_parts::reference(),
            list_parts::reference(),
            complete::reference(),
            delegate::reference(),
        ],
    )
}

mcsp_function::component!(
    router,
    variables = [
        "issuer",
        "audience",
        "bridge_token",
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
