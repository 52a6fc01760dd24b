//! `/.well-known`: what others verify access tokens with.

mod jwks;

use axum::Router;
use axum::extract::Extension;
use axum::routing::get;
use mcsp_function::{Context, MissingVariable};

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    let keys = jwks::PublishedKeys::of(context)?;
    Ok(Router::new().route("/.well-known/jwks.json", get(jwks::show)).layer(Extension(keys)))
}

mcsp_function::component!(router, variables = ["signing_keys"]);
