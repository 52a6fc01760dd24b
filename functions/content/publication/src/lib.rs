//! Making videos visible, to whom and where, and taking them back.

mod bulk;
mod change;
mod explain_visibility;
mod publish;
mod schedule;
mod set_embedding;
mod set_regions;
mod set_visibility;
mod settings;
mod unlock;
mod unpublish;
mod unschedule;

use axum::routing::{get, post, put};
use axum::{Extension, Router};
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;
use std::sync::Arc;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("issuer")?;
    context.variable("audience")?;
    let settings = Arc::new(settings::Settings::of(context)?);
    Ok(Router::new()
        .route("/v1/videos/{id}/publish", post(publish::publish))
        .route("/v1/videos/{id}/unpublish", post(unpublish::unpublish))
        .route("/v1/videos/{id}/schedule", put(schedule::schedule).delete(unschedule::unschedule))
        .route("/v1/videos/{id}/visibility", put(set_visibility::set_visibility))
        .route("/v1/videos/{id}/regions", put(set_regions::set_regions))
        .route("/v1/videos/{id}/explain-visibility", get(explain_visibility::explain_visibility))
        .route("/v1/videos/{id}/unlock", post(unlock::unlock))
        .route("/v1/videos/bulk", post(bulk::bulk))
        .route("/v1/videos/{id}/embedding", put(set_embedding::set_embedding))
        .layer(Extension(settings)))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    let operations = [
        publish::reference(),
        unpublish::reference(),
        schedule::reference(),
        unschedule::reference(),
        set_visibility::reference(),
        set_regions::reference(),
        explain_visibility::reference(),
        unlock::reference(),
        bulk::reference(),
        set_embedding::reference(),
    ];
    Section::new("Publication", "Making videos visible, to whom and where, and taking them back.", operations)
}

mcsp_function::component!(
    crate::router,
    variables = ["issuer", "audience", "video_access_keys", "web_origins"]
);
