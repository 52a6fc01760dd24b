//! Drafts: what creators say of videos before these are there.

mod begin;
mod get;
mod list;
mod problems;
mod remove;
mod save;
mod submit;
mod view;
mod written;

use axum::Router;
use axum::routing::{get, post};
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("issuer")?;
    context.variable("audience")?;
    Ok(Router::new()
        .route("/v1/drafts", post(begin::begin).get(list::list))
        .route("/v1/drafts/{id}", get(get::get).put(save::save).delete(remove::remove))
        .route("/v1/drafts/{id}/submit", post(submit::submit)))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    Section::new(
        "Drafts",
        "What creators say of videos before these are there: written in any state, and submitted when it is whole.",
        [
            begin::reference(),
            list::reference(),
            get::reference(),
            save::reference(),
            remove::reference(),
            submit::reference(),
        ],
    )
}

mcsp_function::component!(crate::router, variables = ["issuer", "audience", "web_origins"]);
