//! Second factors, recovery codes, and sign-ins that wait for one of them. What is particular to passkeys stands in
//! `passkeys`.

use crate::accounts;
use crate::passkeys;
use auth_domain::Account;
use auth_passkeys::Passkey;
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, sql};
use mcsp_ids::{AuthSessionId, FactorId, UserId};
use mcsp_problem::Problem;

/// Authenticators and passkeys of one account.
pub const FACTORS_MAX: i64 = 10;
/// Sign-ins of one account that may wait for a code.
const CHALLENGES_MAX: i64 = 20;

/// An authenticator or a passkey, as it is stored.
pub struct StoredFactor {
    /// Its id.
    pub id: FactorId,
    /// What its owner calls it.
    pub name: String,
    /// What it is.
    pub kind: FactorKind,
    /// When it was enrolled.
    pub created_at: Timestamp,
    /// When it was first shown: before that it protects nothing.
    pub confirmed_at: Option<Timestamp>,
    /// When it was last taken.
    pub last_used_at: Option<Timestamp>,
}

/// What a factor is, with what is needed to check it.
pub enum FactorKind {
    /// Time-based codes, of this secret, sealed for [`seal_place`].
    Totp(Vec<u8>),
    /// A passkey, once there is one.
    Passkey(Option<Passkey>),
}

impl FactorKind {
    /// Its name in a row.
    pub const fn as_str(&self) -> &'static str {
        match self {
            FactorKind::Totp(_) => "totp",
            FactorKind::Passkey(_) => "passkey",
        }
    }
}

/// A sign-in whose password was right.
pub struct Challenged {
    /// Whose.
    pub account: Account,
    /// The hash that the password was right against: it has not been changed since.
    pub phc: String,
}

/// What stands between an account and whoever has one of its access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    /// Whether it has a second factor.
    pub has_factor: bool,
    /// Whether the session of the token has not been ended since.
    pub is_signed_in: bool,
}

/// Where a factor's secret is sealed for.
pub fn seal_place(id: FactorId) -> String {
    format!("totp:{id}")
}

/// An account's authenticators and passkeys, the oldest first.
pub async fn factors(bridge: &dyn Bridge, account: UserId) -> Result<Vec<StoredFactor>, Problem> {
    let text = format!(
        "SELECT f.id, f.name, f.kind, {}, f.sealed_secret, f.created_at, f.confirmed_at, f.last_used_at \
         FROM factors f WHERE f.account_id = $1 ORDER BY f.id",
        passkeys::COLUMNS
    );
    let statement = sql(&text).bind(account.uuid());
    Ok(Rows::new("factors", bridge.query(statement.into()).await?).map(read)?)
}

/// Whether an account has a second factor.
pub async fn has_factor(bridge: &dyn Bridge, account: UserId) -> Result<bool, Problem> {
    let statement =
        sql("SELECT EXISTS (SELECT FROM factors WHERE account_id = $1 AND confirmed_at IS NOT NULL)")
            .bind(account.uuid());
    let rows = Rows::new("factors", bridge.query(statement.into()).await?);
    Ok(rows.first(|row| row.take("exists"))?.unwrap_or(false))
}

/// The protection of an account from a token of this session.
pub async fn protection(
    bridge: &dyn Bridge,
    account: UserId,
    session: Option<AuthSessionId>,
) -> Result<Protection, Problem> {
    let statement = sql("SELECT \
             EXISTS (SELECT FROM factors f WHERE f.account_id = $1 AND f.confirmed_at IS NOT NULL), \
             EXISTS (SELECT FROM sessions s WHERE s.id = $2::uuid AND s.account_id = $1)")
    .bind(account.uuid())
    .bind(session.map(|id| id.uuid()));
    let rows = Rows::new("factors", bridge.query(statement.into()).await?);
    let found = rows.first(|row| {
        Ok(Protection { has_factor: row.take("has_factor")?, is_signed_in: row.take("is_signed_in")? })
    })?;
    Ok(found.unwrap_or(Protection { has_factor: true, is_signed_in: false }))
}

/// Stores a factor in the place of one that was never confirmed, if there is room.
pub fn enrol(account: UserId, factor: &StoredFactor) -> [GuardedStatement; 2] {
    let make_room = sql("DELETE FROM factors WHERE account_id = $1 AND confirmed_at IS NULL")
        .bind(account.uuid())
        .unguarded();
    let sealed_secret = match &factor.kind {
        FactorKind::Totp(sealed_secret) => Some(sealed_secret.clone()),
        FactorKind::Passkey(_) => None,
    };
    let insert =
        sql("INSERT INTO factors (id, account_id, name, kind, sealed_secret, created_at, last_step) \
         SELECT $1, $2, $3, $4, $5, $6, 0 WHERE (SELECT count(*) FROM factors WHERE account_id = $2) < $7")
        .bind(factor.id.uuid())
        .bind(account.uuid())
        .bind(factor.name.as_str())
        .bind(factor.kind.as_str())
        .bind(sealed_secret)
        .bind(factor.created_at)
        .bind(FACTORS_MAX)
        .expecting(1);
    [make_room, insert]
}

/// Confirms an authenticator with the time step of its first code.
pub fn confirm(account: UserId, id: FactorId, step: i64, at: Timestamp) -> GuardedStatement {
    sql("UPDATE factors SET confirmed_at = $4, last_used_at = $4, last_step = $3 \
         WHERE id = $1 AND account_id = $2 AND kind = 'totp' AND confirmed_at IS NULL")
    .bind(id.uuid())
    .bind(account.uuid())
    .bind(step)
    .bind(at)
    .expecting(1)
}

/// Takes a code of a time step: of many that show it at once, one does.
pub fn take_step(id: FactorId, step: i64, at: Timestamp) -> GuardedStatement {
    sql("UPDATE factors SET last_step = $2, last_used_at = $3 \
         WHERE id = $1 AND confirmed_at IS NOT NULL AND last_step < $2")
    .bind(id.uuid())
    .bind(step)
    .bind(at)
    .expecting(1)
}

/// Removes an authenticator or a passkey, and the recovery codes with the last one.
pub fn remove_factor(account: UserId, id: FactorId) -> [GuardedStatement; 2] {
    let remove = sql("DELETE FROM factors WHERE id = $1 AND account_id = $2")
        .bind(id.uuid())
        .bind(account.uuid())
        .expecting(1);
    let forget = sql("DELETE FROM recovery_codes WHERE account_id = $1 AND NOT EXISTS \
         (SELECT FROM factors WHERE account_id = $1 AND confirmed_at IS NOT NULL)")
    .bind(account.uuid())
    .unguarded();
    [remove, forget]
}

/// Gives an account other recovery codes.
pub fn replace_codes(account: UserId, hashes: Vec<String>) -> [GuardedStatement; 2] {
    let count = u64::try_from(hashes.len()).unwrap_or(u64::MAX);
    let forget = sql("DELETE FROM recovery_codes WHERE account_id = $1").bind(account.uuid()).unguarded();
    let insert = sql("INSERT INTO recovery_codes (account_id, hash) SELECT $1, unnest($2::text[])")
        .bind(account.uuid())
        .bind(hashes)
        .expecting(count);
    [forget, insert]
}

/// Uses a recovery code up: of many that show it at once, one does.
pub fn take_code(account: UserId, hash: &str) -> GuardedStatement {
    sql("DELETE FROM recovery_codes WHERE account_id = $1 AND hash = $2")
        .bind(account.uuid())
        .bind(hash)
        .expecting(1)
}

/// Whether an account has a recovery code with this hash; and how many it has in all.
pub async fn codes(bridge: &dyn Bridge, account: UserId, hash: &str) -> Result<(bool, i64), Problem> {
    let statement = sql("SELECT coalesce(bool_or(hash = $2), false), count(*) FROM recovery_codes \
         WHERE account_id = $1")
    .bind(account.uuid())
    .bind(hash);
    let rows = Rows::new("recovery_codes", bridge.query(statement.into()).await?);
    Ok(rows.first(|row| Ok((row.take("hash")?, row.take("count")?)))?.unwrap_or((false, 0)))
}

/// Stores a sign-in that waits for a code, in the place of those that have expired and of the oldest.
pub fn challenge(account: UserId, hash: &str, at: Timestamp, expires_at: Timestamp) -> Vec<GuardedStatement> {
    let make_room = sql("DELETE FROM sign_in_challenges WHERE account_id = $1 AND (expires_at <= $2 OR hash IN \
         (SELECT c.hash FROM sign_in_challenges c WHERE c.account_id = $1 ORDER BY c.created_at DESC OFFSET $3))")
    .bind(account.uuid())
    .bind(at)
    .bind(CHALLENGES_MAX - 1)
    .unguarded();
    let insert = sql(
        "INSERT INTO sign_in_challenges (hash, account_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(hash)
    .bind(account.uuid())
    .bind(at)
    .bind(expires_at)
    .expecting(1);
    vec![make_room, insert]
}

/// A sign-in that waits for a code. None once the password was changed.
pub async fn challenged(
    bridge: &dyn Bridge,
    hash: &str,
    at: Timestamp,
) -> Result<Option<Challenged>, Problem> {
    let text = format!(
        "SELECT {}, p.phc FROM sign_in_challenges c JOIN accounts a ON a.id = c.account_id \
         JOIN passwords p ON p.account_id = a.id AND p.changed_at <= c.created_at \
         WHERE c.hash = $1 AND c.expires_at > $2",
        accounts::COLUMNS
    );
    let rows = Rows::new("sign_in_challenges", bridge.query(sql(&text).bind(hash).bind(at).into()).await?);
    Ok(rows.first(|row| Ok(Challenged { account: accounts::read(row)?, phc: row.take("phc")? }))?)
}

/// Uses a challenge up.
pub fn take_challenge(hash: &str) -> GuardedStatement {
    sql("DELETE FROM sign_in_challenges WHERE hash = $1").bind(hash).expecting(1)
}

fn read(row: &mut Row<'_>) -> Result<StoredFactor, Inconsistency> {
    let id = FactorId::from_uuid(row.take("id")?);
    let name = row.take("name")?;
    let kind: String = row.take("kind")?;
    let passkey = passkeys::read(row)?;
    let kind = row.parse("sealed_secret", |secret| match (kind.as_str(), secret) {
        ("totp", Some(secret)) => Some(FactorKind::Totp(secret)),
        ("passkey", None) => Some(FactorKind::Passkey(passkey)),
        _ => None,
    })?;
    Ok(StoredFactor {
        id,
        name,
        kind,
        created_at: row.take("created_at")?,
        confirmed_at: row.take("confirmed_at")?,
        last_used_at: row.take("last_used_at")?,
    })
}
