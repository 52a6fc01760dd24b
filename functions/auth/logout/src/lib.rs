//! User & Auth's consumer of sessions that have ended: tells the clients that were given something in them.

mod tell;

use auth_tokens::LogoutTokens;
use axum::Router;
use axum::extract::Extension;
use axum::routing::post;
use mcsp_function::{Context, MissingVariable};

/// The routes, for the bridge only.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("bridge_token")?;
    let tokens = LogoutTokens::of(context)?;
    Ok(Router::new().route("/events/auth-logout", post(tell::tell)).layer(Extension(tokens)))
}

mcsp_function::component!(router, variables = ["bridge_token", "issuer", "sealing_keys", "signing_keys"]);
