//! `/v1/sessions`: signing in, and where one is signed in.

mod end;
mod list;
mod sign_in;

use auth_tokens::Tokens;
use axum::Router;
use axum::extract::Extension;
use axum::routing::{delete, get};
use mcsp_function::{Context, MissingVariable};

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    let tokens = Tokens::of(context)?;
    Ok(Router::new()
        .route("/v1/sessions", get(list::list).post(sign_in::sign_in))
        .route("/v1/sessions/{id}", delete(end::end))
        .layer(Extension(tokens)))
}

mcsp_function::component!(
    router,
    variables = ["issuer", "audience", "sealing_keys", "signing_keys", "secret", "refresh_grace_s"]
);
