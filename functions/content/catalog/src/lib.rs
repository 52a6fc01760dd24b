//! Content's read model for the platform's other services.

mod get;

use axum::Router;
use axum::routing::get;
use mcsp_function::{Context, MissingVariable};

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("bridge_token")?;
    Ok(Router::new().route("/v1/catalog/{id}", get(get::get)))
}

mcsp_function::component!(crate::router, variables = ["bridge_token"]);
