//! What User & Auth tells: of an account, to the other services; of a mail to be sent and of a session that has ended, to
//! itself.
//!
//! None of it holds an address, a hash or a token.

use auth_domain::{Account, Mail, REOPENABLE_FOR};
use jiff::Timestamp;
use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_events::{Emission, Timer, cancel_timer, emit, set_timer};
use mcsp_function::{Context, TraceParent};
use mcsp_ids::{MailId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The type of the event that asks for a mail.
pub const MAIL_REQUESTED: &str = "mcsp.auth.mail.requested.v1";

/// The type of the event of the timer that a closed account has.
pub const ERASURE_DUE: &str = "mcsp.auth.account.erasure_due.v1";
/// The type of the event of the timer that an ended session leaves for each client that was given something in it.
pub const SESSION_ENDED: &str = "mcsp.auth.session.ended.v1";

/// The component that erases.
const ERASER: &str = "auth-erasure";

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

/// That a mail is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailRequested {
    /// Which.
    pub mail_id: MailId,
}

/// That nobody can take a closed account back any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureDue {
    /// Whose.
    pub user_id: UserId,
}

/// That a session has ended of which a client is to be told. The database writes it, by a trigger, so ids stand here as they
/// do there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnded {
    /// Which.
    pub session: Uuid,
    /// Whose.
    pub account: Uuid,
    /// Who is to be told.
    pub client: Uuid,
    /// When.
    pub ended_at: Timestamp,
}

/// Has a closed account erased when nobody can take it back any more.
pub fn erase_later(context: &Context, trace: &TraceParent, account: &Account) -> GuardedStatement {
    let timer = Timer {
        component: ERASER,
        service: "auth",
        happened: "account.erasure_due",
        key: account.id,
        due_at: context.now() + REOPENABLE_FOR,
        data: ErasureDue { user_id: account.id },
    };
    set_timer(context, trace, timer)
}

/// Has an account that was taken back not erased.
pub fn do_not_erase(account: UserId) -> GuardedStatement {
    cancel_timer(ERASER, account)
}

/// Tells that an account is gone, with all that is known of its owner.
pub fn account_erased(context: &Context, trace: &TraceParent, account: &Account) -> Event {
    let data = AccountChanged {
        user_id: account.id,
        version: account.version + 1,
        state: "erased",
        roles: Vec::new(),
        region: &account.region,
        email_verified: false,
    };
    let happened = "account.erased";
    let emission =
        Emission { topic: "user.account.changed", service: "auth", happened, key: account.id, data };
    emit(context, trace, context.now(), emission)
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

/// Has a mail sent, by whoever reads the topic.
pub fn mail_requested(context: &Context, trace: &TraceParent, mail: &Mail) -> Event {
    let data = MailRequested { mail_id: mail.id };
    let happened = "mail.requested";
    let emission = Emission { topic: "auth.mail.requested", service: "auth", happened, key: mail.id, data };
    emit(context, trace, mail.created_at, emission)
}
