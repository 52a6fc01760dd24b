//! What the component is configured with, made once for the life of an instance.

use auth_passkeys::RelyingParty;
use auth_tokens::Tokens;
use mcsp_function::{Context, MissingVariable};
use mcsp_seal::SealingKeys;
use std::sync::Arc;

/// What the component is configured with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// What issues tokens.
    pub(crate) tokens: Tokens,
    /// What the secrets of authenticators are sealed with.
    pub(crate) sealing_keys: SealingKeys,
    /// As whom passkeys are asked for.
    pub(crate) relying_party: RelyingParty,
    /// The platform's name in an authenticator.
    pub(crate) app_name: Arc<str>,
}

impl Settings {
    pub(crate) fn of(context: &Context) -> Result<Self, MissingVariable> {
        let sealing_keys = auth_credentials::sealing_keys(context)?;
        let app_name = context.variable("app_name")?.into();
        let relying_party = auth_credentials::relying_party(context)?;
        Ok(Settings { tokens: Tokens::of(context)?, sealing_keys, relying_party, app_name })
    }
}
