//! Refresh tokens: families, of which one token each is good.

use crate::{accounts, sessions};
use auth_domain::{Account, RefreshFamily, SESSION_IDLE_MAX, SESSION_MAX, Session};
use jiff::{SignedDuration, Timestamp};
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::{GuardedStatement, Transaction};
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, sql};
use mcsp_ids::{AuthSessionId, ClientId, RefreshFamilyId};
use mcsp_problem::Problem;

/// What [`read_family`] takes, of a table named `f`.
pub(crate) const COLUMNS: &str = "f.id, f.session_id, f.client_id, f.scope, f.dpop_jkt, f.created_at";

/// The SHA-256 of a secret: all of it that is stored.
pub type TokenHash = [u8; 32];

/// A new family, and its first token.
#[derive(Clone, Copy, Debug)]
pub struct FirstToken<'a> {
    /// The family.
    pub family: &'a RefreshFamily,
    /// The token's.
    pub hash: TokenHash,
}

/// A refresh token that a client shows.
#[derive(Clone, Copy, Debug)]
pub struct ShownToken {
    /// The family that it names.
    pub family: RefreshFamilyId,
    /// Who shows it; none for a session that was begun with the platform itself.
    pub client: Option<ClientId>,
    /// The token's.
    pub hash: TokenHash,
    /// Its successor's.
    pub successor_hash: TokenHash,
    /// Whether it was once given out, which its own form proves. A guess changes nothing.
    pub is_genuine: bool,
}

/// What a refresh token gave.
#[derive(Clone, Debug)]
pub enum Rotation {
    /// The right to its successor: for the first time, or again within the grace window.
    Renewed(Box<Renewed>),
    /// Nothing, and neither will any other of its family: it was used before.
    Reused,
    /// Nothing: there is no such family, or not for this client, or its session or account is no more.
    Refused,
}

/// Whose token was renewed.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// The account, as it is now.
    pub account: Account,
    /// The session, which has just been seen.
    pub session: Session,
    /// What the client may do in it.
    pub family: RefreshFamily,
}

/// The statement that stores a family.
pub(crate) fn insert(FirstToken { family, hash }: FirstToken<'_>) -> GuardedStatement {
    sql("INSERT INTO refresh_families \
             (id, session_id, client_id, scope, generation, current_hash, rotated_at, created_at, dpop_jkt) \
         VALUES ($1, $2, $3, $4, 0, $5, $6, $6, $7)")
    .bind(family.id.uuid())
    .bind(family.session.uuid())
    .bind(family.client.map(|client| client.uuid()))
    .bind(family.scope.as_str())
    .bind(hash.to_vec())
    .bind(family.created_at)
    .bind(family.key.as_deref())
    .expecting(1)
}

/// Binds the refresh tokens of a family, of which none has been given out, to a key.
pub async fn bind_family(bridge: &dyn Bridge, family: RefreshFamilyId, key: &str) -> Result<(), Problem> {
    let bind = sql("UPDATE refresh_families SET dpop_jkt = $2 WHERE id = $1 AND dpop_jkt IS NULL")
        .bind(family.uuid())
        .bind(key)
        .expecting(1);
    bridge.transact(Transaction::of(vec![bind])).await?;
    Ok(())
}

/// Exchanges a token for its successor, once: whoever comes second within `grace` gets the same one. Where its family is bound
/// to a key, that is the one that was `proved`.
///
/// All is decided by one statement, which compares and sets. The one before it only orders this after other
/// writers of the session, so that none of them waits for the other.
pub async fn rotate(
    bridge: &dyn Bridge,
    shown: ShownToken,
    proved: Option<&str>,
    now: Timestamp,
    grace: SignedDuration,
) -> Result<Rotation, Problem> {
    let hold = sql("SELECT s.id FROM sessions s \
         WHERE s.id = (SELECT f.session_id FROM refresh_families f WHERE f.id = $1) FOR NO KEY UPDATE")
    .bind(shown.family.uuid())
    .unguarded();
    let statements = vec![hold, compare_and_set(shown, proved, now, grace)];
    let transaction = Transaction::of(statements);
    let answer = bridge.transact(transaction).await?.pop();
    let rows = answer.map(|answer| Rows::new("refresh_families", answer));
    let rotation = rows.map(|rows| rows.first(|row| read(row, now))).transpose()?.flatten();
    Ok(rotation.unwrap_or(Rotation::Refused))
}

fn compare_and_set(
    shown: ShownToken,
    proved: Option<&str>,
    now: Timestamp,
    grace: SignedDuration,
) -> GuardedStatement {
    let text = format!(
        "WITH rotated AS ( \
             UPDATE refresh_families f SET \
                 generation = f.generation + (f.current_hash = $2)::int, \
                 previous_hash = CASE WHEN f.current_hash = $2 THEN f.current_hash ELSE f.previous_hash END, \
                 rotated_at = CASE WHEN f.current_hash = $2 THEN $5 ELSE f.rotated_at END, \
                 revoked_at = CASE WHEN f.current_hash = $2 \
                     OR (f.previous_hash = $2 AND f.current_hash = $3 AND f.rotated_at >= $6) \
                     THEN NULL ELSE $5 END, \
                 current_hash = CASE WHEN f.current_hash = $2 THEN $3 ELSE f.current_hash END \
             FROM sessions s JOIN accounts a ON a.id = s.account_id \
             WHERE f.id = $1 AND f.client_id IS NOT DISTINCT FROM $4 AND f.revoked_at IS NULL \
                 AND ($7 OR f.current_hash = $2 OR f.previous_hash = $2) \
                 AND (f.dpop_jkt IS NULL OR f.dpop_jkt = $10) \
                 AND s.id = f.session_id AND s.expires_at > $5 AND a.state = 'active' \
             RETURNING f.*), \
         seen AS ( \
             UPDATE sessions s SET last_seen_at = $5, \
                 expires_at = LEAST($8, s.created_at + make_interval(secs => $9)) \
             FROM rotated f WHERE s.id = f.session_id AND f.revoked_at IS NULL) \
         SELECT f.revoked_at, {COLUMNS}, {}, {} \
         FROM rotated f JOIN sessions s ON s.id = f.session_id JOIN accounts a ON a.id = s.account_id",
        sessions::COLUMNS,
        accounts::COLUMNS,
    );
    sql(&text)
        .bind(shown.family.uuid())
        .bind(shown.hash.to_vec())
        .bind(shown.successor_hash.to_vec())
        .bind(shown.client.map(|client| client.uuid()))
        .bind(now)
        .bind(now - grace)
        .bind(shown.is_genuine)
        .bind(now + SESSION_IDLE_MAX)
        .bind(SESSION_MAX.as_secs_f64())
        .bind(proved)
        .unguarded()
}

fn read(row: &mut Row<'_>, now: Timestamp) -> Result<Rotation, Inconsistency> {
    let revoked_at: Option<Timestamp> = row.take("revoked_at")?;
    if revoked_at.is_some() {
        return Ok(Rotation::Reused);
    }
    let family = read_family(row)?;
    let session = sessions::read(row)?;
    let expires_at = Session::expiry(session.created_at, now);
    let session = Session { last_seen_at: now, expires_at, ..session };
    let account = accounts::read(row)?;
    Ok(Rotation::Renewed(Box::new(Renewed { account, session, family })))
}

pub(crate) fn read_family(row: &mut Row<'_>) -> Result<RefreshFamily, Inconsistency> {
    Ok(RefreshFamily {
        id: RefreshFamilyId::from_uuid(row.take("id")?),
        session: AuthSessionId::from_uuid(row.take("session_id")?),
        client: row.take::<Option<uuid::Uuid>>("client_id")?.map(ClientId::from_uuid),
        scope: row.take("scope")?,
        key: row.take("dpop_jkt")?,
        created_at: row.take("created_at")?,
    })
}

/// Makes all refresh tokens of a family worthless. It is as well where there is none.
pub async fn revoke(bridge: &dyn Bridge, family: RefreshFamilyId) -> Result<(), Problem> {
    let delete = sql("DELETE FROM refresh_families WHERE id = $1").bind(family.uuid()).unguarded();
    let transaction = Transaction::of(vec![delete]);
    bridge.transact(transaction).await?;
    Ok(())
}
