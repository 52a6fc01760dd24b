//! Sessions.

use auth_domain::{Device, Session};
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::{RowMismatch, TransactError, Transaction};
use mcsp_bridge_api::sql::{Rows, sql};
use mcsp_ids::{AuthSessionId, UserId};
use mcsp_paging::Limit;
use mcsp_problem::Problem;
use std::net::IpAddr;

/// Sessions that an account can have at once: the oldest gives way, so that signing in cannot fill the table.
const SESSIONS_PER_ACCOUNT_MAX: i64 = 100;

/// What a session was begun with.
pub struct Credentials<'a> {
    /// The hash that the password was found right against.
    pub verified_phc: &'a str,
    /// A hash of the same password with parameters that have risen since.
    pub renewed_phc: Option<&'a str>,
}

/// Why a session did not begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The password was changed, or the account's use taken away, since they were read.
    #[error("the password or the account has changed")]
    Changed,
    /// The bridge did not commit.
    #[error("the session was not stored")]
    Failed(#[source] TransactError),
}

/// Why a session did not end.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// The account has no such session.
    #[error("no such session")]
    NotFound,
    /// The bridge did not commit.
    #[error("the session was not removed")]
    Failed(#[source] TransactError),
}

/// Stores a session, if the account may still be used with that password; and the renewed hash with it.
pub async fn begin(
    bridge: &dyn Bridge,
    session: &Session,
    credentials: Credentials<'_>,
) -> Result<(), BeginError> {
    let account = session.account.uuid();
    // Locks the password first: two sign-ins to an account come one after the other, and neither can begin
    // while the password or the account is being changed.
    let hold = sql("SELECT a.id FROM passwords p JOIN accounts a ON a.id = p.account_id \
         WHERE p.account_id = $1 AND p.phc = $2 AND a.state = 'active' FOR UPDATE OF p FOR SHARE OF a")
    .bind(account)
    .bind(credentials.verified_phc)
    .expecting(1);
    let renew = credentials.renewed_phc.map(|renewed| {
        sql("UPDATE passwords SET phc = $2 WHERE account_id = $1").bind(account).bind(renewed).expecting(1)
    });
    let make_room = sql("DELETE FROM sessions WHERE account_id = $1 AND (expires_at <= $2 OR id IN \
         (SELECT s.id FROM sessions s WHERE s.account_id = $1 ORDER BY s.id DESC OFFSET $3))")
    .bind(account)
    .bind(session.created_at)
    .bind(SESSIONS_PER_ACCOUNT_MAX - 1)
    .unguarded();
    let insert = sql("INSERT INTO sessions \
             (id, account_id, user_agent, address, created_at, last_seen_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)")
    .bind(session.id.uuid())
    .bind(account)
    .bind(session.device.user_agent.clone())
    .bind(session.device.address.map(|address| address.to_string()))
    .bind(session.created_at)
    .bind(session.last_seen_at)
    .bind(session.expires_at)
    .expecting(1);
    let statements = [hold].into_iter().chain(renew).chain([make_room, insert]).collect();
    match bridge.transact(Transaction { consumed_event: None, statements, events: Vec::new() }).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(RowMismatch { statement: 0, .. })) => Err(BeginError::Changed),
        Err(error) => Err(BeginError::Failed(error)),
    }
}

/// An account's sessions that have not expired, the newest first; `before` is the last one seen.
pub async fn live_sessions(
    bridge: &dyn Bridge,
    account: UserId,
    at: Timestamp,
    before: Option<AuthSessionId>,
    limit: Limit,
) -> Result<Vec<Session>, Problem> {
    let statement = sql("SELECT id, user_agent, address, created_at, last_seen_at, expires_at FROM sessions \
         WHERE account_id = $1 AND expires_at > $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4")
    .bind(account.uuid())
    .bind(at)
    .bind(before.map(|id| id.uuid()))
    .bind(limit.rows_to_read());
    let rows = Rows::new("sessions", bridge.query(statement.into()).await?);
    let sessions = rows.map(|row| {
        let id = AuthSessionId::from_uuid(row.take("id")?);
        let user_agent = row.take("user_agent")?;
        let address = row.parse("address", |text: Option<String>| match text {
            None => Some(None),
            Some(text) => text.parse::<IpAddr>().ok().map(Some),
        })?;
        Ok(Session {
            id,
            account,
            device: Device { user_agent, address },
            created_at: row.take("created_at")?,
            last_seen_at: row.take("last_seen_at")?,
            expires_at: row.take("expires_at")?,
        })
    })?;
    Ok(sessions)
}

/// Removes a session of an account.
pub async fn end(bridge: &dyn Bridge, account: UserId, session: AuthSessionId) -> Result<(), EndError> {
    let delete = sql("DELETE FROM sessions WHERE id = $1 AND account_id = $2")
        .bind(session.uuid())
        .bind(account.uuid())
        .expecting(1);
    let transaction = Transaction { consumed_event: None, statements: vec![delete], events: Vec::new() };
    match bridge.transact(transaction).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(_)) => Err(EndError::NotFound),
        Err(error) => Err(EndError::Failed(error)),
    }
}
