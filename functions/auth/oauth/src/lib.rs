//! `/oauth` and `/.well-known`: OAuth 2 and OpenID Connect, for applications that know nothing of this platform.

mod authorize;
mod client;
mod cors;
mod device_authorization;
mod device_page;
mod dpop;
mod error;
mod form;
mod introspect;
mod jwks;
mod limits;
mod metadata;
mod page;
mod par;
mod revoke;
mod secret;
mod token;
mod userinfo;

use crate::cors::any_origin;
use auth_keys::SigningKeyring;
use auth_tokens::Tokens;
use axum::Router;
use axum::extract::Extension;
use axum::routing::{get, post};
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    let keys = SigningKeyring::of(context)?;
    let tokens = Tokens::of(context)?;
    // The page of sign-in opens secrets with them.
    auth_credentials::sealing_keys(context)?;
    let relying_party = auth_credentials::relying_party(context)?;
    let metadata = metadata::Metadata::new(tokens.issuer());
    Ok(Router::new()
        .route("/.well-known/jwks.json", any_origin(get(jwks::show)))
        .route("/.well-known/openid-configuration", any_origin(get(metadata::show)))
        .route("/.well-known/oauth-authorization-server", any_origin(get(metadata::show)))
        .route(authorize::PATH, get(authorize::show).post(authorize::act))
        .route(par::PATH, any_origin(post(par::push)))
        .route(token::PATH, any_origin(post(token::token)))
        .route("/oauth/introspect", post(introspect::introspect))
        .route("/oauth/revoke", any_origin(post(revoke::revoke)))
        .route("/oauth/userinfo", any_origin(get(userinfo::show).post(userinfo::show)))
        .route("/oauth/device_authorization", post(device_authorization::begin))
        .route(device_page::PATH, get(device_page::show).post(device_page::act))
        .layer(Extension(keys))
        .layer(Extension(relying_party))
        .layer(Extension(tokens))
        .layer(Extension(metadata)))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    let [openid_configuration, server_metadata] = metadata::reference();
    let [authorize, authorize_by_form] = authorize::reference();
    let [userinfo, userinfo_by_post] = userinfo::reference();
    let [device_page, device_page_form] = device_page::reference();
    Section::new(
        "OAuth",
        "OAuth 2 and OpenID Connect, for applications that know nothing of this platform. These routes speak the protocol: \
        bodies are forms, and errors have the protocol's `error` and `error_description`. Scripts of any origin may call \
        those that an application in a browser needs, none of which reads a cookie.",
        [
            openid_configuration,
            server_metadata,
            jwks::reference(),
            authorize,
            authorize_by_form,
            par::reference(),
            token::reference(),
            introspect::reference(),
            revoke::reference(),
            userinfo,
            userinfo_by_post,
            device_authorization::reference(),
            device_page,
            device_page_form,
        ],
    )
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
        "passkey_origins"
    ]
);
