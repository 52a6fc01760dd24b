//! Accounts and their passwords.

use crate::roles::granted;
use auth_domain::{Account, Email, State};
use jiff::Timestamp;
use mcsp_access::Role;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::{GuardedStatement, RowMismatch, TransactError, Transaction};
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, sql};
use mcsp_ids::UserId;
use mcsp_problem::Problem;

/// What [`read`] takes, of a table named `a`.
pub(crate) const COLUMNS: &str = "a.id, a.email, a.email_verified_at, a.roles, \
     (SELECT coalesce(json_object_agg(r.name, r.permissions), '{}') FROM account_roles g \
      JOIN roles r ON r.name = g.role WHERE g.account_id = a.id), a.region, a.state, a.state_since, \
     a.version, a.created_at";

/// An account with the hash of its password.
pub struct Credential {
    /// Whose.
    pub account: Account,
    /// Argon2id, as a PHC string.
    pub phc: String,
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

/// Whether an account has the address.
pub async fn is_registered(bridge: &dyn Bridge, email: &Email) -> Result<bool, Problem> {
    let statement = sql("SELECT a.id FROM accounts a WHERE a.email = $1").bind(email.as_str());
    let id: Option<uuid::Uuid> =
        Rows::new("accounts", bridge.query(statement.into()).await?).first(|row| row.take("id"))?;
    Ok(id.is_some())
}

/// Stores a new account. `record` is the statement that remembers the answer.
pub async fn register(
    bridge: &dyn Bridge,
    account: &Account,
    phc: &str,
    event: Event,
    record: Option<GuardedStatement>,
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
    let statements = [insert_account, insert_password].into_iter().chain(record).collect();
    let transaction = Transaction { consumed_event: None, statements, events: vec![event] };
    match bridge.transact(transaction).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(RowMismatch { statement: 0, .. })) => {
            Err(RegisterError::EmailTaken)
        }
        Err(error) => Err(RegisterError::Failed(error)),
    }
}

/// Notes that somebody has registered an address again. `record` is the statement that remembers the answer.
pub async fn note_repetition(
    bridge: &dyn Bridge,
    email: &Email,
    at: Timestamp,
    record: Option<GuardedStatement>,
) -> Result<(), TransactError> {
    let note = sql("UPDATE accounts SET registered_again_at = $2 WHERE email = $1")
        .bind(email.as_str())
        .bind(at)
        .unguarded();
    let statements = [note].into_iter().chain(record).collect();
    bridge.transact(Transaction { consumed_event: None, statements, events: Vec::new() }).await?;
    Ok(())
}

pub(crate) fn read(row: &mut Row<'_>) -> Result<Account, Inconsistency> {
    let id = UserId::from_uuid(row.take("id")?);
    let email = row.parse("email", |text: String| Email::parse(&text).ok())?;
    let verified_at: Option<Timestamp> = row.take("email_verified_at")?;
    let roles = row.parse("roles", |names: Vec<String>| {
        names.iter().map(|name| Role::from_name(name)).collect::<Option<Vec<Role>>>()
    })?;
    let custom_roles = granted(row)?;
    let region = row.take("region")?;
    let state: String = row.take("state")?;
    let state = row.parse("state_since", |since| State::from_name(&state, since))?;
    Ok(Account {
        id,
        email,
        email_verified: verified_at.is_some(),
        roles,
        custom_roles,
        region,
        state,
        version: row.take("version")?,
        created_at: row.take("created_at")?,
    })
}
