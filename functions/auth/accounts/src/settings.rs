//! What the component is configured with, parsed once for each instance.

use auth_domain::MailTokenKey;
use mcsp_attempts::Policy;
use mcsp_function::{Context, MissingVariable};
use std::sync::Arc;

const MINUTE_MS: u32 = 60 * 1000;

/// What the component is configured with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Where the data of those who register here is to live.
    pub(crate) region: Arc<str>,
    /// How often one address may register: a minute's worth at once, and as many in each minute after it.
    pub(crate) registrations: Policy,
    /// What the tokens in mails are made with.
    pub(crate) mail_tokens: MailTokenKey,
}

impl Settings {
    pub(crate) fn of(context: &Context) -> Result<Self, MissingVariable> {
        let name = "registrations_per_minute";
        let per_minute = context.variable(name)?.parse().ok();
        let per_minute = per_minute.filter(|count| (1..=MINUTE_MS).contains(count));
        let key = "mail_token_key";
        Ok(Settings {
            mail_tokens: MailTokenKey::new(context.variable(key)?).map_err(|_| MissingVariable(key))?,
            region: context.variable("region")?.into(),
            registrations: registrations(per_minute.ok_or(MissingVariable(name))?),
        })
    }
}

fn registrations(per_minute: u32) -> Policy {
    Policy {
        service: "auth",
        operation: "register",
        name: "address",
        free_attempts: per_minute,
        forget_ms: MINUTE_MS / per_minute.max(1),
        delay_max_ms: MINUTE_MS,
        is_told: true,
    }
}
