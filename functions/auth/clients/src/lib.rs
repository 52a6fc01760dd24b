//! `/v1/clients`, the applications that may ask for tokens; and `/v1/signing-keys`, the keys that sign these.

mod create;
mod delete;
mod details;
mod edit;
mod get;
mod key_view;
mod list;
mod list_keys;
mod rotate_keys;
mod rotate_secret;
mod view;

use axum::Router;
use axum::extract::Extension;
use axum::routing::{get, post};
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("issuer")?;
    context.variable("audience")?;
    let rotating = rotate_keys::Rotating::of(context)?;
    Ok(Router::new()
        .route("/v1/clients", get(list::list).post(create::create))
        .route("/v1/clients/{id}", get(get::get).patch(edit::edit).delete(delete::delete))
        .route("/v1/clients/{id}/secret", post(rotate_secret::rotate_secret))
        .route("/v1/signing-keys", get(list_keys::list_keys).post(rotate_keys::rotate_keys))
        .layer(Extension(rotating)))
}

/// What the API reference says of them.
pub fn reference() -> [Section; 2] {
    let clients = [
        list::reference(),
        create::reference(),
        get::reference(),
        edit::reference(),
        delete::reference(),
        rotate_secret::reference(),
    ];
    let keys = [list_keys::reference(), rotate_keys::reference()];
    [
        Section::new("Clients", "The applications that may ask for tokens.", clients),
        Section::new("Signing keys", "The keys that sign access tokens.", keys),
    ]
}

mcsp_function::component!(
    router,
    variables = ["issuer", "audience", "sealing_keys", "signing_keys", "signing_key_lead_s"]
);
