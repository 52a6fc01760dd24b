//! Making videos visible, to whom, and taking them back.

mod change;
mod publish;
mod schedule;
mod set_visibility;
mod unpublish;
mod unschedule;

use axum::Router;
use axum::routing::{post, put};
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("issuer")?;
    context.variable("audience")?;
    Ok(Router::new()
        .route("/v1/videos/{id}/publish", post(publish::publish))
        .route("/v1/videos/{id}/unpublish", post(unpublish::unpublish))
        .route("/v1/videos/{id}/schedule", put(schedule::schedule).delete(unschedule::unschedule))
        .route("/v1/videos/{id}/visibility", put(set_visibility::set_visibility)))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    let operations = [
        publish::reference(),
        unpublish::reference(),
        schedule::reference(),
        unschedule::reference(),
        set_visibility::reference(),
    ];
    Section::new("Publication", "Making videos visible, to whom, and taking them back.", operations)
}

mcsp_function::component!(crate::router, variables = ["issuer", "audience"]);
