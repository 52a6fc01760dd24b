//! `/v1/accounts`: registering, and one's own account.

mod register;
mod settings;
mod show;

use axum::Router;
use axum::extract::Extension;
use axum::routing::{get, post};
use mcsp_function::{Context, MissingVariable};

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    let settings = settings::Settings::of(context)?;
    Ok(Router::new()
        .route("/v1/accounts", post(register::register))
        .route("/v1/accounts/me", get(show::show))
        .layer(Extension(settings)))
}

mcsp_function::component!(router, variables = ["issuer", "audience", "region", "registrations_per_minute"]);
