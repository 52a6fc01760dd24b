//! Sessions.

use crate::accounts;
use crate::families::{self, FirstToken, Renewed, TokenHash};
use auth_domain::{Authentication, Device, Session};
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::{GuardedStatement, RowMismatch, TransactError, Transaction};
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, sql};
use mcsp_ids::{AuthSessionId, RefreshFamilyId, UserId};
use mcsp_paging::Limit;
use mcsp_problem::Problem;
use std::net::IpAddr;

/// Sessions that an account can have at once: the oldest gives way, so that signing in cannot fill the table.
const SESSIONS_PER_ACCOUNT_MAX: i64 = 100;

/// What [`read`] takes, of a table named `s`.
pub(crate) const COLUMNS: &str = "s.id, s.account_id, s.user_agent, s.address, s.amr, s.authenticated_at, \
     s.created_at, s.last_seen_at, s.expires_at";

/// What a session was begun with. The default is: with something else than a password.
#[derive(Clone, Copy, Debug, Default)]
pub struct Credentials<'a> {
    /// The hash that the password was found right against, where one was shown.
    pub verified_phc: Option<&'a str>,
    /// A hash of the same password with parameters that have risen since.
    pub renewed_phc: Option<&'a str>,
}

/// What a device is given, to go on with its session.
#[derive(Clone, Copy, Debug)]
pub enum Opening<'a> {
    /// A refresh token.
    Token(FirstToken<'a>),
    /// A browser's cookie.
    Cookie(TokenHash),
}

/// Why a session did not begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The password was changed, or the account's use taken away, since they were read.
    #[error("the password or the account has changed")]
    Changed,
    /// What it also took was taken by another request: a code, or a challenge.
    #[error("a code or a challenge was used before")]
    Used,
    /// The bridge did not commit.
    #[error("the session was not stored")]
    Failed(#[source] TransactError),
}

/// What the beginning of a session changes beside.
#[derive(Default)]
pub struct Beside {
    /// The account, so that it may be signed in to.
    pub account: Vec<GuardedStatement>,
    /// What is used up by it.
    pub taken: Vec<GuardedStatement>,
    /// What tells of it.
    pub events: Vec<Event>,
}

/// Why a session did not end.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// The account has no such session, or not that in which it is to be ended.
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
    opening: Opening<'_>,
) -> Result<(), BeginError> {
    begin_with(bridge, session, credentials, opening, Beside::default()).await
}

/// The same, with what it changes beside.
pub async fn begin_with(
    bridge: &dyn Bridge,
    session: &Session,
    credentials: Credentials<'_>,
    opening: Opening<'_>,
    beside: Beside,
) -> Result<(), BeginError> {
    let Beside { account, taken, events } = beside;
    let (cookie, first_token) = match opening {
        Opening::Token(first_token) => (None, Some(families::insert(first_token))),
        Opening::Cookie(cookie) => (Some(cookie), None),
    };
    let mut statements = account;
    let held = statements.len();
    statements.extend(hold(session.account, credentials));
    statements.extend(insert(session, cookie));
    statements.extend(first_token);
    let first_taken = statements.len();
    statements.extend(taken);
    commit(bridge, (statements, events), held, first_taken).await
}

/// The session of an access token, what it was given there, and its account.
pub async fn current(
    bridge: &dyn Bridge,
    session: AuthSessionId,
    family: RefreshFamilyId,
    at: Timestamp,
) -> Result<Option<Renewed>, Problem> {
    let text = format!(
        "SELECT {}, {COLUMNS}, {} \
         FROM refresh_families f JOIN sessions s ON s.id = f.session_id JOIN accounts a ON a.id = s.account_id \
         WHERE f.id = $1 AND s.id = $2 AND f.revoked_at IS NULL AND s.expires_at > $3 AND a.state = 'active'",
        families::COLUMNS,
        accounts::COLUMNS
    );
    let statement = sql(&text).bind(family.uuid()).bind(session.uuid()).bind(at);
    let rows = Rows::new("sessions", bridge.query(statement.into()).await?);
    Ok(rows.first(|row| {
        let family = families::read_family(row)?;
        let session = read(row)?;
        Ok(Renewed { account: accounts::read(row)?, session, family })
    })?)
}

/// Stores the renewed hash where there is one, unless the password is no longer what was checked.
pub fn renew_hash(account: UserId, credentials: Credentials<'_>) -> Option<GuardedStatement> {
    let Credentials { verified_phc, renewed_phc } = credentials;
    verified_phc.zip(renewed_phc).map(|(verified, renewed)| {
        sql("UPDATE passwords SET phc = $3 WHERE account_id = $1 AND phc = $2")
            .bind(account.uuid())
            .bind(verified)
            .bind(renewed)
            .unguarded()
    })
}

/// Notes how the owner of a session was authenticated.
pub fn authenticated(session: &Session) -> GuardedStatement {
    sql("UPDATE sessions SET acr = $2, amr = $3, authenticated_at = $4, last_seen_at = $4 WHERE id = $1")
        .bind(session.id.uuid())
        .bind(session.authentication.acr().as_str())
        .bind(session.authentication.amr())
        .bind(session.authentication.at)
        .expecting(1)
}

/// Notes that the owner of a browser's session was authenticated again, and changes its cookie.
pub async fn renew(
    bridge: &dyn Bridge,
    session: &Session,
    credentials: Credentials<'_>,
    cookie: TokenHash,
    taken: Vec<GuardedStatement>,
) -> Result<(), BeginError> {
    let mut statements = hold(session.account, credentials);
    let renew = sql("UPDATE sessions SET acr = $3, amr = $4, authenticated_at = $5, last_seen_at = $6, \
             expires_at = $7, cookie_hash = $8 \
         WHERE id = $1 AND account_id = $2 AND cookie_hash IS NOT NULL")
    .bind(session.id.uuid())
    .bind(session.account.uuid())
    .bind(session.authentication.acr().as_str())
    .bind(session.authentication.amr())
    .bind(session.authentication.at)
    .bind(session.last_seen_at)
    .bind(session.expires_at)
    .bind(cookie.to_vec())
    .expecting(1);
    statements.push(renew);
    let first_taken = statements.len();
    statements.extend(taken);
    commit(bridge, (statements, Vec::new()), 0, first_taken).await
}

/// The statements that let a session of the account begin only while the password, where one was shown, is what was
/// checked.
fn hold(account: UserId, credentials: Credentials<'_>) -> Vec<GuardedStatement> {
    // Locks the password first: two sign-ins to an account come one after the other, and neither can begin
    // while the password or the account is being changed.
    let hold = sql("SELECT a.id FROM passwords p JOIN accounts a ON a.id = p.account_id \
         WHERE p.account_id = $1 AND ($2::text IS NULL OR p.phc = $2) AND a.state = 'active' FOR UPDATE OF p FOR SHARE OF a")
    .bind(account.uuid())
    .bind(credentials.verified_phc)
    .expecting(1);
    let renew = credentials.renewed_phc.map(|renewed| {
        sql("UPDATE passwords SET phc = $2 WHERE account_id = $1")
            .bind(account.uuid())
            .bind(renewed)
            .expecting(1)
    });
    [hold].into_iter().chain(renew).collect()
}

/// `held` is the last of the statements that let it begin, `first_taken` the first of those that use something up.
async fn commit(
    bridge: &dyn Bridge,
    (statements, events): (Vec<GuardedStatement>, Vec<Event>),
    held: usize,
    first_taken: usize,
) -> Result<(), BeginError> {
    match bridge.transact(Transaction { consumed_event: None, statements, events }).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(RowMismatch { statement, .. })) if statement as usize <= held => {
            Err(BeginError::Changed)
        }
        Err(TransactError::UnexpectedRows(RowMismatch { statement, .. }))
            if statement as usize >= first_taken =>
        {
            Err(BeginError::Used)
        }
        Err(error) => Err(BeginError::Failed(error)),
    }
}

/// The statements that store a session, where others make sure that it may begin.
pub(crate) fn insert(session: &Session, cookie: Option<TokenHash>) -> [GuardedStatement; 2] {
    let account = session.account.uuid();
    let make_room = sql("DELETE FROM sessions WHERE account_id = $1 AND (expires_at <= $2 OR id IN \
         (SELECT s.id FROM sessions s WHERE s.account_id = $1 ORDER BY s.id DESC OFFSET $3))")
    .bind(account)
    .bind(session.created_at)
    .bind(SESSIONS_PER_ACCOUNT_MAX - 1)
    .unguarded();
    let insert =
        sql("INSERT INTO sessions (id, account_id, user_agent, address, acr, amr, authenticated_at, \
             created_at, last_seen_at, expires_at, cookie_hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
        .bind(session.id.uuid())
        .bind(account)
        .bind(session.device.user_agent.clone())
        .bind(session.device.address.map(|address| address.to_string()))
        .bind(session.authentication.acr().as_str())
        .bind(session.authentication.amr())
        .bind(session.authentication.at)
        .bind(session.created_at)
        .bind(session.last_seen_at)
        .bind(session.expires_at)
        .bind(cookie.map(|cookie| cookie.to_vec()))
        .expecting(1);
    [make_room, insert]
}

/// An account's sessions that have not expired, the newest first; `before` is the last one seen.
pub async fn live_sessions(
    bridge: &dyn Bridge,
    account: UserId,
    at: Timestamp,
    before: Option<AuthSessionId>,
    limit: Limit,
) -> Result<Vec<Session>, Problem> {
    let text = format!(
        "SELECT {COLUMNS} FROM sessions s \
         WHERE s.account_id = $1 AND s.expires_at > $2 AND ($3::uuid IS NULL OR s.id < $3) \
         ORDER BY s.id DESC LIMIT $4"
    );
    let statement =
        sql(&text).bind(account.uuid()).bind(at).bind(before.map(|id| id.uuid())).bind(limit.rows_to_read());
    Ok(Rows::new("sessions", bridge.query(statement.into()).await?).map(read)?)
}

/// Removes a session of an account, at the wish of `own`: a session that is there still.
pub async fn end(
    bridge: &dyn Bridge,
    account: UserId,
    session: AuthSessionId,
    own: Option<AuthSessionId>,
) -> Result<(), EndError> {
    let delete = sql("DELETE FROM sessions WHERE id = $1 AND account_id = $2 \
         AND EXISTS (SELECT FROM sessions own WHERE own.id = $3::uuid AND own.account_id = $2)")
    .bind(session.uuid())
    .bind(account.uuid())
    .bind(own.map(|id| id.uuid()))
    .expecting(1);
    let transaction = Transaction::of(vec![delete]);
    match bridge.transact(transaction).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(_)) => Err(EndError::NotFound),
        Err(error) => Err(EndError::Failed(error)),
    }
}

pub(crate) fn read(row: &mut Row<'_>) -> Result<Session, Inconsistency> {
    let id = AuthSessionId::from_uuid(row.take("id")?);
    let account = UserId::from_uuid(row.take("account_id")?);
    let user_agent = row.take("user_agent")?;
    let address = row.parse("address", |text: Option<String>| match text {
        None => Some(None),
        Some(text) => text.parse::<IpAddr>().ok().map(Some),
    })?;
    let amr: Vec<String> = row.take("amr")?;
    let authentication = row.parse("authenticated_at", |at| Authentication::from_amr(&amr, at))?;
    Ok(Session {
        id,
        account,
        device: Device { user_agent, address },
        authentication,
        created_at: row.take("created_at")?,
        last_seen_at: row.take("last_seen_at")?,
        expires_at: row.take("expires_at")?,
    })
}

/// The statements that remove all sessions of an account but `own`, where that is there still. None that another of them
/// approves at this moment is left.
pub fn end_others(account: UserId, own: Option<AuthSessionId>) -> [GuardedStatement; 2] {
    let delete = sql("DELETE FROM sessions WHERE account_id = $1 AND id <> $2::uuid \
         AND EXISTS (SELECT FROM sessions own WHERE own.id = $2::uuid AND own.account_id = $1)")
    .bind(account.uuid())
    .bind(own.map(|id| id.uuid()))
    .unguarded();
    [accounts::hold_account(account), delete]
}

/// Removes all sessions of an account, or all but one.
pub fn end_all(account: UserId, but: Option<AuthSessionId>) -> GuardedStatement {
    sql("DELETE FROM sessions WHERE account_id = $1 AND ($2::uuid IS NULL OR id <> $2)")
        .bind(account.uuid())
        .bind(but.map(|id| id.uuid()))
        .unguarded()
}
