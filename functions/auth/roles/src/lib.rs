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
use mcsp_reference::Section;

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

/// What the API reference says of them.
pub fn reference() -> Section {
    Section::new(
        "Roles",
        "What roles there are, who has them, and what one may do. Roles are compared by what they permit: nobody changes \
        a role, or an account, that is not below their own.",
        [
            list::reference(),
            create::reference(),
            get::reference(),
            edit::reference(),
            delete::reference(),
            held::reference(),
            assign::grant_reference(),
            assign::revoke_reference(),
            check::reference(),
        ],
    )
}

mcsp_function::component!(router, variables = ["issuer", "audience", "bridge_token"]);
