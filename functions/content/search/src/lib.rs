//! Finding videos.

mod request;
mod search;

use axum::Router;
use axum::routing::get;
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;

/// The routes.
pub fn router(_: &Context) -> Result<Router<Context>, MissingVariable> {
    Ok(Router::new().route("/v1/search", get(search::search)))
}

/// What the API reference says of it.
pub fn reference() -> Section {
    Section::new("Search", "Finding videos.", [search::reference()])
}

mcsp_function::component!(crate::router, variables = []);
