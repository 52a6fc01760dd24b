//! `/v1/sessions`: signing in, and where one is signed in.

mod end;
mod end_others;
mod list;
mod passkey;
mod second_factor;
mod settings;
mod sign_in;
mod signed_in;

use axum::Router;
use axum::extract::Extension;
use axum::routing::{delete, get, post};
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;
use settings::Settings;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    let settings = Settings::of(context)?;
    Ok(Router::new()
        .route("/v1/sessions", get(list::list).post(sign_in::sign_in).delete(end_others::end_others))
        .route("/v1/sessions/second-factor", post(second_factor::second_factor))
        .route("/v1/sessions/passkey-challenge", post(passkey::challenge))
        .route("/v1/sessions/passkey", post(passkey::sign_in))
        .route("/v1/sessions/{id}", delete(end::end))
        .layer(Extension(settings)))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    let operations = [
        sign_in::reference(),
        second_factor::reference(),
        passkey::challenge_reference(),
        passkey::reference(),
        list::reference(),
        end::reference(),
        end_others::reference(),
    ];
    Section::new("Sessions", "Signing in, and where one is signed in.", operations)
}

mcsp_function::component!(
    router,
    variables = [
        "issuer",
        "audience",
        "sealing_keys",
        "signing_keys",
        "secret",
        "refresh_grace_s",
        "passkey_rp_id",
        "passkey_origins",
        "web_origins",
    ]
);
