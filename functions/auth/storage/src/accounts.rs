//! Accounts and their passwords.

use crate::roles::granted;
use auth_domain::{Account, BirthDate, Email, State};
use jiff::Timestamp;
use mcsp_access::Role;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::{GuardedStatement, RowMismatch, TransactError, Transaction};
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, exclusively, sql};
use mcsp_ids::UserId;
use mcsp_problem::Problem;

/// The constraint that holds where another account has an address already.
pub const ADDRESS_IS_TAKEN: &str = "accounts_email";

/// What [`read`] takes, of a table named `a`.
pub(crate) const COLUMNS: &str = "a.id, a.email, a.email_verified_at, a.new_email, a.roles, \
     (SELECT coalesce(json_object_agg(r.name, r.permissions), '{}') FROM account_roles g \
      JOIN roles r ON r.name = g.role WHERE g.account_id = a.id), a.region, a.state, a.state_since, \
     a.closed_since, a.version, a.created_at, a.birth_date::text";

/// An account with the hash of its password.
pub struct Credential {
    /// Whose.
    pub account: Account,
    /// Argon2id, as a PHC string.
    pub phc: String,
}

/// Who has an address already.
pub struct Registered {
    /// Who.
    pub account: UserId,
    /// Whether they have not been told of late that somebody tried to register it again.
    pub is_to_be_told: bool,
}

/// Why an account was not stored.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Another account has the address.
    #[error("the address is registered")]
    EmailTaken,
    /// The bridge did not commit.
    #[error("the account was not stored")]
    Failed(#[source] TransactError),
}

/// The account of that id.
pub async fn account(bridge: &dyn Bridge, id: UserId) -> Result<Option<Account>, Problem> {
    let statement = sql(&format!("SELECT {COLUMNS} FROM accounts a WHERE a.id = $1")).bind(id.uuid());
    Ok(Rows::new("accounts", bridge.query(statement.into()).await?).first(read)?)
}

/// The account of that address, with its password.
pub async fn credential(bridge: &dyn Bridge, email: &Email) -> Result<Option<Credential>, Problem> {
    let text = format!(
        "SELECT {COLUMNS}, p.phc FROM accounts a JOIN passwords p ON p.account_id = a.id WHERE a.email = $1"
    );
    let statement = sql(&text).bind(email.as_str());
    let rows = Rows::new("accounts", bridge.query(statement.into()).await?);
    Ok(rows.first(|row| Ok(Credential { account: read(row)?, phc: row.take("phc")? }))?)
}

/// The account of that id, with its password.
pub async fn credential_of(bridge: &dyn Bridge, id: UserId) -> Result<Option<Credential>, Problem> {
    let text = format!(
        "SELECT {COLUMNS}, p.phc FROM accounts a JOIN passwords p ON p.account_id = a.id WHERE a.id = $1"
    );
    let statement = sql(&text).bind(id.uuid());
    let rows = Rows::new("accounts", bridge.query(statement.into()).await?);
    Ok(rows.first(|row| Ok(Credential { account: read(row)?, phc: row.take("phc")? }))?)
}

/// The account of that address.
pub async fn account_at(bridge: &dyn Bridge, email: &Email) -> Result<Option<Account>, Problem> {
    let statement = sql(&format!("SELECT {COLUMNS} FROM accounts a WHERE a.email = $1")).bind(email.as_str());
    Ok(Rows::new("accounts", bridge.query(statement.into()).await?).first(read)?)
}

/// Who has the address, and whether they were last told before `told_before` that somebody tried to register it
/// again.
pub async fn registered(
    bridge: &dyn Bridge,
    email: &Email,
    told_before: Timestamp,
) -> Result<Option<Registered>, Problem> {
    let statement = sql("SELECT a.id, coalesce(a.registered_again_at <= $2, true) FROM accounts a \
         WHERE a.email = $1")
    .bind(email.as_str())
    .bind(told_before);
    let rows = Rows::new("accounts", bridge.query(statement.into()).await?);
    Ok(rows.first(|row| {
        let account = UserId::from_uuid(row.take("id")?);
        Ok(Registered { account, is_to_be_told: row.take("registered_again_at")? })
    })?)
}

/// Stores a new account, with what else belongs to it.
pub async fn register(
    bridge: &dyn Bridge,
    account: &Account,
    phc: &str,
    more: Vec<GuardedStatement>,
    events: Vec<Event>,
) -> Result<(), RegisterError> {
    let roles: Vec<String> = account.roles.iter().map(|role| role.as_str().to_owned()).collect();
    // A violated constraint would put the address into Postgres's log, so none is violated.
    let insert_account = sql("INSERT INTO accounts \
             (id, email, roles, region, state, state_since, version, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $6) ON CONFLICT (email) DO NOTHING")
    .bind(account.id.uuid())
    .bind(account.email.as_str())
    .bind(roles)
    .bind(account.region.as_str())
    .bind(account.state.as_str())
    .bind(account.created_at)
    .bind(account.version)
    .expecting(1);
    let insert_password = sql("INSERT INTO passwords (account_id, phc, changed_at) VALUES ($1, $2, $3)")
        .bind(account.id.uuid())
        .bind(phc)
        .bind(account.created_at)
        .expecting(1);
    // Who confirms the address at this moment would violate it in our place: one of both comes first.
    let hold = hold_address(&account.email);
    let statements = [hold, insert_account, insert_password].into_iter().chain(more).collect();
    match bridge.transact(Transaction { consumed_event: None, statements, events }).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(RowMismatch { statement: 1, .. })) => {
            Err(RegisterError::EmailTaken)
        }
        Err(error) => Err(RegisterError::Failed(error)),
    }
}

/// Notes that somebody has registered an address again.
pub fn note_repetition(email: &Email, at: Timestamp) -> GuardedStatement {
    sql("UPDATE accounts SET registered_again_at = $2 WHERE email = $1")
        .bind(email.as_str())
        .bind(at)
        .unguarded()
}

/// Stores an account's new state over the one before it. The address is written only where no other account
/// has it, and without violating a constraint.
pub fn update(account: &Account, at: Timestamp) -> GuardedStatement {
    let since = match account.state {
        State::Active => None,
        State::Suspended { since, .. } | State::Closed { since } => Some(since),
    };
    sql("UPDATE accounts a SET email = $3, new_email = $4, \
             email_verified_at = CASE WHEN $5 THEN coalesce(a.email_verified_at, $8) END, \
             state_since = CASE WHEN a.state = $6 THEN a.state_since ELSE coalesce($7, $8) END, \
             state = $6, version = $2, birth_date = $9::text::date, closed_since = $10 \
         WHERE a.id = $1 AND a.version = $2 - 1 \
             AND NOT EXISTS (SELECT FROM accounts other WHERE other.email = $3 AND other.id <> $1)")
    .bind(account.id.uuid())
    .bind(account.version)
    .bind(account.email.as_str())
    .bind(account.new_email.as_ref().map(Email::as_str))
    .bind(account.email_verified)
    .bind(account.state.as_str())
    .bind(since)
    .bind(at)
    .bind(account.birth_date.as_ref().map(BirthDate::to_string))
    .bind(closed_beside(account.state))
    .expecting(1)
}

/// What stands in `closed_since`: `state_since` tells of an account that is closed and nothing else.
pub(crate) const fn closed_beside(state: State) -> Option<Timestamp> {
    match state {
        State::Suspended { closed_since, .. } => closed_since,
        State::Active | State::Closed { .. } => None,
    }
}

/// Lets no other account take an address, until the transaction ends. The digest of an address tells nothing in a list of locks.
pub fn hold_address(email: &Email) -> GuardedStatement {
    exclusively("address", email.as_str())
}

/// Locks an account and its password until the transaction ends; nothing, where there is none.
///
/// Whoever changes more of an account than its row locks in one order, so that none of them waits for another that waits for
/// it: the password, the account, then sessions, factors, recovery codes and mails. This comes first where one of the latter
/// is looked at before the former, and where nothing may begin meanwhile that hangs on the account.
pub fn hold_account(account: UserId) -> GuardedStatement {
    sql("SELECT a.id FROM passwords p JOIN accounts a ON a.id = p.account_id \
         WHERE a.id = $1 FOR UPDATE OF p FOR NO KEY UPDATE OF a")
    .bind(account.uuid())
    .unguarded()
}

/// Holds where no other account has the address of this one. After [`hold_address`], it is so until the transaction ends: only a
/// component of before, which registers without it, has [`ADDRESS_IS_TAKEN`] violated.
pub fn address_is_free(account: &Account) -> GuardedStatement {
    sql("SELECT a.id FROM accounts a WHERE a.id = $1 \
             AND NOT EXISTS (SELECT FROM accounts other WHERE other.email = $2 AND other.id <> $1)")
    .bind(account.id.uuid())
    .bind(account.email.as_str())
    .expecting(1)
}

/// Removes a closed account, also one that is suspended beside, and with it all that hangs on it.
pub fn erase(account: &Account) -> GuardedStatement {
    sql("DELETE FROM accounts WHERE id = $1 AND version = $2 \
         AND (state = 'closed' OR state = 'suspended' AND closed_since IS NOT NULL)")
    .bind(account.id.uuid())
    .bind(account.version)
    .expecting(1)
}

/// Takes away what somebody who had an account before its address was proved could still sign in with, or has allowed:
/// factors, recovery codes, sign-ins that wait for one of them, and consents.
pub fn forget_earlier_holder(account: UserId) -> [GuardedStatement; 4] {
    [
        "DELETE FROM factors WHERE account_id = $1",
        "DELETE FROM recovery_codes WHERE account_id = $1",
        "DELETE FROM sign_in_challenges WHERE account_id = $1",
        "DELETE FROM consents WHERE account_id = $1",
    ]
    .map(|text| sql(text).bind(account.uuid()).unguarded())
}

/// Sets a password over the one that was checked, or over any.
pub fn set_password(account: UserId, phc: &str, over: Option<&str>, at: Timestamp) -> GuardedStatement {
    sql("UPDATE passwords SET phc = $2, changed_at = $4 \
         WHERE account_id = $1 AND ($3::text IS NULL OR phc = $3)")
    .bind(account.uuid())
    .bind(phc)
    .bind(over)
    .bind(at)
    .expecting(1)
}

pub(crate) fn read(row: &mut Row<'_>) -> Result<Account, Inconsistency> {
    let id = UserId::from_uuid(row.take("id")?);
    let email = row.parse("email", |text: String| Email::parse(&text).ok())?;
    let verified_at: Option<Timestamp> = row.take("email_verified_at")?;
    let new_email = row.parse("new_email", |text: Option<String>| match text {
        None => Some(None),
        Some(text) => Email::parse(&text).ok().map(Some),
    })?;
    let roles = row.parse("roles", |names: Vec<String>| {
        names.iter().map(|name| Role::from_name(name)).collect::<Option<Vec<Role>>>()
    })?;
    let custom_roles = granted(row)?;
    let region = row.take("region")?;
    let state: String = row.take("state")?;
    let since: Timestamp = row.take("state_since")?;
    let state = row.parse("closed_since", |closed_since: Option<Timestamp>| {
        State::from_name(&state, since, closed_since)
    })?;
    Ok(Account {
        id,
        email,
        email_verified: verified_at.is_some(),
        new_email,
        roles,
        custom_roles,
        region,
        state,
        version: row.take("version")?,
        created_at: row.take("created_at")?,
        birth_date: row.parse("birth_date", |text: Option<String>| match text {
            None => Some(None),
            Some(text) => BirthDate::kept(&text).map(Some),
        })?,
    })
}
