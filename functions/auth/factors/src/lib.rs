//! `/v1/factors`: what protects an account beside its password, and stepping up with it.

mod codes;
mod confirm;
mod enrol;
mod list;
mod passkey_challenge;
mod remove;
mod settings;
mod step_up;

use axum::Router;
use axum::extract::Extension;
use axum::routing::{delete, get, post};
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    let settings = settings::Settings::of(context)?;
    Ok(Router::new()
        .route("/v1/factors", get(list::list).post(enrol::enrol))
        .route("/v1/factors/recovery-codes", get(codes::count).post(codes::replace))
        .route("/v1/factors/passkey-challenge", post(passkey_challenge::challenge))
        .route("/v1/factors/{id}", delete(remove::remove))
        .route("/v1/factors/{id}/confirmation", post(confirm::confirm))
        .route("/v1/sessions/{id}/step-up", post(step_up::step_up))
        .layer(Extension(settings)))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    Section::new(
        "Second factors",
        "What protects an account beside its password, and showing it for what is sensitive.",
        [
            list::reference(),
            enrol::reference(),
            confirm::reference(),
            remove::reference(),
            passkey_challenge::reference(),
            codes::count_reference(),
            codes::replace_reference(),
            step_up::reference(),
        ],
    )
}

mcsp_function::component!(
    router,
    variables = [
        "issuer",
        "audience",
        "signing_keys",
        "secret",
        "refresh_grace_s",
        "sealing_keys",
        "passkey_rp_id",
        "passkey_origins",
        "app_name",
        "web_origins",
    ]
);
