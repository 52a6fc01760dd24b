//! Uploads by tus 1.0 (<https://tus.io/protocols/resumable-upload>): core, creation, checksum, expiration and termination.
//!
//! One more way into the same uploads. What of a file is there only the store knows: its parts, and what is not yet a part.

mod append;
mod checksum;
mod create;
mod metadata;
mod method;
mod open;
mod options;
mod protocol;
mod show;
mod terminate;

use crate::method::told_by_header;
use axum::Router;
use axum::middleware::map_response;
use axum::routing::{get, post};
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;
use upload_lifecycle::WithoutPlan;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    Ok(Router::new()
        .route("/v1/tus", told_by_header(post(create::create).options(options::options), context))
        .route(
            "/v1/tus/{id}",
            told_by_header(get(show::show).patch(append::append).delete(terminate::terminate), context),
        )
        .layer(map_response(protocol::resumable))
        .layer(WithoutPlan::of(context)?)
        .layer(upload_bytes::store(context)?))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    Section::new(
        "Uploads by tus",
        "Resumable uploads as any client of tus 1.0 sends them, with the extensions creation, checksum, expiration and \
        termination. They are uploads as all others, under the same ids and limits; here their bytes pass through the API. \
        Every answer has `Tus-Resumable`. Whoever can send no `PATCH` or `DELETE` sends a `POST` that names the method in \
        `X-HTTP-Method-Override`.",
        [
            options::reference(),
            create::reference(),
            show::reference(),
            append::reference(),
            terminate::reference(),
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
