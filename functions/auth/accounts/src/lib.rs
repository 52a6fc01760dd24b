//! `/v1/accounts`: registering, and one's own account.

mod birth_date;
mod breached;
mod close;
mod confirm;
mod edit;
mod mail;
mod password;
mod recover;
mod register;
mod settings;
mod show;
mod verify;

use axum::Router;
use axum::extract::Extension;
use axum::routing::{get, post, put};
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    let settings = settings::Settings::of(context)?;
    Ok(Router::new()
        .route("/v1/accounts", post(register::register))
        .route("/v1/accounts/verification", post(mail::ask_for_verification))
        .route("/v1/accounts/verification/confirmation", post(verify::verify))
        .route("/v1/accounts/recovery", post(mail::ask_for_recovery))
        .route("/v1/accounts/recovery/confirmation", post(recover::recover))
        .route("/v1/accounts/me", get(show::show).patch(edit::edit).delete(close::close))
        .route("/v1/accounts/me/birth-date", put(birth_date::tell))
        .route("/v1/accounts/me/password", put(password::change))
        .layer(Extension(settings)))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    Section::new(
        "Accounts",
        "Registering, and one's own account.",
        [
            register::reference(),
            mail::verification_reference(),
            verify::reference(),
            mail::recovery_reference(),
            recover::reference(),
            show::reference(),
            edit::reference(),
            birth_date::reference(),
            close::reference(),
            password::reference(),
        ],
    )
}

mcsp_function::component!(
    router,
    variables = ["issuer", "audience", "region", "registrations_per_minute", "mail_token_key", "web_origins"]
);
