//! `/v1/roles`, what roles there are; `/v1/accounts/{id}/roles`, who has them; `/v1/permissions/check`, what one may.

mod assign;
mod authority;
mod check;
mod create;
mod delete;
mod edit;
mod get;
mod held;
mod list;
mod named;
mod view;

use axum::Router;
use axum::routing::{get, post, put};
use mcsp_function::{Context, MissingVariable};

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    for name in ["issuer", "audience", "bridge_token"] {
        context.variable(name)?;
    }
    Ok(Router::new()
        .route("/v1/roles", get(list::list).post(create::create))
        .route("/v1/roles/{name}", get(get::get).patch(edit::edit).delete(delete::delete))
        .route("/v1/accounts/{id}/roles", get(held::held))
        .route("/v1/accounts/{id}/roles/{name}", put(assign::grant).delete(assign::revoke))
        .route("/v1/permissions/check", post(check::check)))
}

mcsp_function::component!(router, variables = ["issuer", "audience", "bridge_token"]);
