//! What User & Auth does by the clock: it erases closed accounts.

mod erase;

use axum::Router;
use axum::routing::post;
use mcsp_function::{Context, MissingVariable};

/// The routes, for the bridge only.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("bridge_token")?;
    Ok(Router::new().route("/events/auth-erasure", post(erase::erase)))
}

mcsp_function::component!(router, variables = ["bridge_token"]);
