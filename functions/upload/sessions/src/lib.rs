//! Upload sessions: signed URLs for the bytes, and what becomes of them.

mod cancel;
mod complete;
mod create;
mod get;
mod list;
mod list_parts;
mod problems;
mod refuse;
mod sign_parts;
mod times;
mod verify;
mod view;

use axum::Router;
use axum::routing::{get, post};
use mcsp_function::{Context, MissingVariable};

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    Ok(Router::new()
        .route("/v1/uploads", post(create::create).get(list::list))
        .route("/v1/uploads/{id}", get(get::get).delete(cancel::cancel))
        .route("/v1/uploads/{id}/parts", post(sign_parts::sign_parts).get(list_parts::list_parts))
        .route("/v1/uploads/{id}/complete", post(complete::complete))
        .layer(upload_bytes::store(context)?))
}

mcsp_function::component!(
    router,
    variables = [
        "issuer",
        "audience",
        "object_store_public_url",
        "object_store_region",
        "object_store_access_key",
        "object_store_secret_key",
        "object_store_buckets",
    ]
);
