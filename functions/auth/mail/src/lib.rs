//! User & Auth's consumer of its own requests for mails.

mod letter;
mod send;

use auth_domain::MailTokenKey;
use axum::Router;
use axum::extract::Extension;
use axum::routing::post;
use mcsp_function::{Context, MissingVariable};
use std::sync::Arc;

/// What the component is configured with.
#[derive(Clone, Debug)]
struct Settings {
    /// What the tokens in mails are made with.
    tokens: MailTokenKey,
    /// Where links in mails lead, without a slash at its end.
    app_url: Arc<str>,
}

/// The routes, for the bridge only.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("bridge_token")?;
    let key = "mail_token_key";
    let settings = Settings {
        tokens: MailTokenKey::new(context.variable(key)?).map_err(|_| MissingVariable(key))?,
        app_url: context.variable("app_url")?.trim_end_matches('/').into(),
    };
    Ok(Router::new().route("/events/auth-mail", post(send::send)).layer(Extension(settings)))
}

mcsp_function::component!(router, variables = ["bridge_token", "mail_token_key", "app_url"]);
