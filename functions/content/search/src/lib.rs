//! Finding videos.

mod request;
mod search;

use axum::Router;
use axum::routing::get;
use mcsp_function::{Context, MissingVariable};

/// The routes.
pub fn router(_: &Context) -> Result<Router<Context>, MissingVariable> {
    Ok(Router::new().route("/v1/search", get(search::search)))
}

mcsp_function::component!(crate::router, variables = []);
