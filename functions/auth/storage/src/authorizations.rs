//! What people let clients do: signing in by a browser, consenting, and what a client is given.

use crate::families::{self, FirstToken, TokenHash};
use crate::{accounts, sessions};
use auth_domain::{Account, RefreshFamily, SESSION_IDLE_MAX, SESSION_MAX, Scopes, Session};
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::{GuardedStatement, RowMismatch, TransactError, Transaction};
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, sql};
use mcsp_ids::{AuthSessionId, ClientId, RefreshFamilyId, UserId};
use mcsp_problem::Problem;

/// Families that a client can have in one session: the oldest gives way, so that asking cannot fill the table.
const FAMILIES_PER_CLIENT_MAX: i64 = 20;

/// What is violated where a session has begun already.
const SESSION_EXISTS: &str = "sessions_pkey";

/// A session that may be used, and whose it is.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Whose.
    pub account: Account,
    /// Which.
    pub session: Session,
}

/// A client is given something in a session.
#[derive(Clone, Copy, Debug)]
pub struct Authorization<'a> {
    /// What it is given.
    pub first_token: FirstToken<'a>,
    /// What the person has consented to just now, where they were asked.
    pub consent: Option<(UserId, &'a Scopes)>,
    /// When.
    pub at: Timestamp,
}

/// Why a client was given nothing.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizeError {
    /// The session has ended, or its account's use was taken away.
    #[error("the session is no more")]
    SessionEnded,
    /// The bridge did not commit.
    #[error("nothing was stored")]
    Failed(#[source] TransactError),
}

/// The session of the browser that has this cookie.
pub async fn browser_session(
    bridge: &dyn Bridge,
    cookie: TokenHash,
    now: Timestamp,
) -> Result<Option<SignedIn>, Problem> {
    let statement = sql(&usable_session("s.cookie_hash = $1")).bind(cookie.to_vec()).bind(now);
    Ok(Rows::new("sessions", bridge.query(statement.into()).await?).first(signed_in)?)
}

/// A session, if it may be used still.
pub async fn live_session(
    bridge: &dyn Bridge,
    id: AuthSessionId,
    now: Timestamp,
) -> Result<Option<SignedIn>, Problem> {
    let statement = sql(&usable_session("s.id = $1")).bind(id.uuid()).bind(now);
    Ok(Rows::new("sessions", bridge.query(statement.into()).await?).first(signed_in)?)
}

/// A session that has not ended at $2, of an account that may be used.
fn usable_session(which: &str) -> String {
    format!(
        "SELECT {}, {} FROM sessions s JOIN accounts a ON a.id = s.account_id \
         WHERE {which} AND s.expires_at > $2 AND a.state = 'active'",
        sessions::COLUMNS,
        accounts::COLUMNS
    )
}

/// A family, if it may be used still; and its current token is this one, where one is given.
pub async fn live_family(
    bridge: &dyn Bridge,
    id: RefreshFamilyId,
    token: Option<TokenHash>,
    now: Timestamp,
) -> Result<Option<(SignedIn, RefreshFamily)>, Problem> {
    let text = format!(
        "SELECT {}, {}, {} FROM refresh_families f JOIN sessions s ON s.id = f.session_id \
             JOIN accounts a ON a.id = s.account_id \
         WHERE f.id = $1 AND f.revoked_at IS NULL AND ($2::bytea IS NULL OR f.current_hash = $2) \
             AND s.expires_at > $3 AND a.state = 'active'",
        sessions::COLUMNS,
        accounts::COLUMNS,
        families::COLUMNS
    );
    let statement = sql(&text).bind(id.uuid()).bind(token.map(|token| token.to_vec())).bind(now);
    let rows = Rows::new("refresh_families", bridge.query(statement.into()).await?);
    Ok(rows.first(|row| Ok((signed_in(row)?, families::read_family(row)?)))?)
}

/// All that the person has ever allowed the client.
pub async fn consented(
    bridge: &dyn Bridge,
    account: UserId,
    client: ClientId,
) -> Result<Option<Scopes>, Problem> {
    let statement = sql("SELECT scope FROM consents WHERE account_id = $1 AND client_id = $2")
        .bind(account.uuid())
        .bind(client.uuid());
    let rows = Rows::new("consents", bridge.query(statement.into()).await?);
    // A scope that is no more was no consent to another: then the person is asked again.
    Ok(rows.first(|row| row.take::<String>("scope"))?.and_then(|text| Scopes::parse(&text)))
}

/// Gives a client something in a session, and remembers the consent.
pub async fn authorize(bridge: &dyn Bridge, authorization: Authorization<'_>) -> Result<(), AuthorizeError> {
    let Authorization { first_token, consent, at } = authorization;
    let FirstToken { family, .. } = first_token;
    let seen = sql("UPDATE sessions s SET last_seen_at = $2, \
             expires_at = LEAST($3, s.created_at + make_interval(secs => $4)) \
         FROM accounts a WHERE s.id = $1 AND s.expires_at > $2 AND a.id = s.account_id AND a.state = 'active'")
    .bind(family.session.uuid())
    .bind(at)
    .bind(at + SESSION_IDLE_MAX)
    .bind(SESSION_MAX.as_secs_f64())
    .expecting(1);
    let remember = consent.zip(family.client).map(|((account, scopes), client)| {
        sql("INSERT INTO consents (account_id, client_id, scope, granted_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (account_id, client_id) DO UPDATE SET scope = excluded.scope, granted_at = excluded.granted_at")
        .bind(account.uuid())
        .bind(client.uuid())
        .bind(scopes.to_string())
        .bind(at)
        .expecting(1)
    });
    let make_room = sql("DELETE FROM refresh_families WHERE id IN (SELECT f.id FROM refresh_families f \
         WHERE f.session_id = $1 AND f.client_id = $2 ORDER BY f.id DESC OFFSET $3)")
    .bind(family.session.uuid())
    .bind(family.client.map(|client| client.uuid()))
    .bind(FAMILIES_PER_CLIENT_MAX - 1)
    .unguarded();
    let insert = families::insert(first_token);
    let statements = [seen].into_iter().chain(remember).chain([make_room, insert]).collect();
    commit(bridge, statements, 1).await
}

/// Begins a device's session in the name of who let it in, while they are still signed in where they did. False where it
/// has begun before.
pub async fn begin_for(
    bridge: &dyn Bridge,
    approved_in: AuthSessionId,
    session: &Session,
    first_token: FirstToken<'_>,
) -> Result<bool, AuthorizeError> {
    // Before the session is looked for: whoever ends all of them, as with another password, holds the account first. They find
    // the new one too, or it does not find the one that it comes of.
    let hold = accounts::hold_account(session.account);
    let look = sql("SELECT s.id FROM sessions s JOIN accounts a ON a.id = s.account_id \
         WHERE s.id = $1 AND s.account_id = $2 AND s.expires_at > $3 AND a.state = 'active' FOR KEY SHARE OF s")
    .bind(approved_in.uuid())
    .bind(session.account.uuid())
    .bind(session.created_at)
    .expecting(1);
    let guards = [hold, look];
    let guarded = guards.len();
    let statements = guards
        .into_iter()
        .chain(sessions::insert(session, None))
        .chain([families::insert(first_token)])
        .collect();
    match commit(bridge, statements, guarded).await {
        Ok(()) => Ok(true),
        Err(AuthorizeError::Failed(TransactError::ConstraintViolated(violation)))
            if violation.constraint == SESSION_EXISTS =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// The first `guards` statements hold only in a session that may be used.
async fn commit(
    bridge: &dyn Bridge,
    statements: Vec<GuardedStatement>,
    guards: usize,
) -> Result<(), AuthorizeError> {
    match bridge.transact(Transaction::of(statements)).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(RowMismatch { statement, .. }))
            if (statement as usize) < guards =>
        {
            Err(AuthorizeError::SessionEnded)
        }
        Err(error) => Err(AuthorizeError::Failed(error)),
    }
}

fn signed_in(row: &mut Row<'_>) -> Result<SignedIn, Inconsistency> {
    let session = sessions::read(row)?;
    Ok(SignedIn { session, account: accounts::read(row)? })
}
