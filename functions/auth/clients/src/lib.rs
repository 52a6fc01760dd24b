//! `/v1/clients`: the applications that may ask for tokens.

mod create;
mod delete;
mod details;
mod edit;
mod get;
mod list;
mod rotate_secret;
mod view;

use axum::Router;
use axum::routing::{get, post};
use mcsp_function::{Context, MissingVariable};

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("issuer")?;
    context.variable("audience")?;
    Ok(Router::new()
        .route("/v1/clients", get(list::list).post(create::create))
        .route("/v1/clients/{id}", get(get::get).patch(edit::edit).delete(delete::delete))
        .route("/v1/clients/{id}/secret", post(rotate_secret::rotate_secret)))
}

mcsp_function::component!(router, variables = ["issuer", "audience"]);
