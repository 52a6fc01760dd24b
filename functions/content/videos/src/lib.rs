//! Videos as their owners keep them and as others see them.

mod delete;
mod edit;
mod get;
mod list;
mod restore;

use axum::Router;
use axum::routing::{get, post};
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("issuer")?;
    context.variable("audience")?;
    Ok(Router::new()
        .route("/v1/videos", get(list::list))
        .route("/v1/videos/{id}", get(get::get).patch(edit::edit).delete(delete::delete))
        .route("/v1/videos/{id}/restore", post(restore::restore)))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    let operations =
        [list::reference(), get::reference(), edit::reference(), delete::reference(), restore::reference()];
    Section::new("Videos", "Videos as their owners keep them and as others see them.", operations)
}

mcsp_function::component!(crate::router, variables = ["issuer", "audience"]);
