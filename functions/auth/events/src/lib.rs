//! What User & Auth tells the other services of an account. No event holds an address, a hash or a token.

use auth_domain::Account;
use mcsp_bridge_api::kafka::Event;
use mcsp_events::{Emission, emit};
use mcsp_function::{Context, TraceParent};
use mcsp_ids::UserId;
use serde::Serialize;

/// The state of an account.
#[derive(Serialize)]
struct AccountChanged<'a> {
    user_id: UserId,
    version: i64,
    state: &'static str,
    /// Built-in and custom ones.
    roles: Vec<&'a str>,
    region: &'a str,
    email_verified: bool,
}

/// Tells of an account's new state. `happened` is such as `account.registered`.
pub fn account_changed(context: &Context, trace: &TraceParent, account: &Account, happened: &str) -> Event {
    let data = AccountChanged {
        user_id: account.id,
        version: account.version,
        state: account.state.as_str(),
        roles: account.role_names(),
        region: &account.region,
        email_verified: account.email_verified,
    };
    let emission =
        Emission { topic: "user.account.changed", service: "auth", happened, key: account.id, data };
    emit(context, trace, context.now(), emission)
}
