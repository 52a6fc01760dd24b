//! Passkeys, and which of their challenges were answered.

use crate::accounts;
use auth_domain::Account;
use auth_passkeys::{CHALLENGE_LIFE, Passkey, Shown};
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, sql};
use mcsp_ids::{FactorId, UserId};
use mcsp_problem::Problem;

/// The constraint that holds where another account, or another factor, has a passkey already.
pub const PASSKEY_IS_KNOWN: &str = "factors_credential_id";

/// What [`read`] takes, of a table named `f`.
pub(crate) const COLUMNS: &str =
    "f.credential_id, f.public_key, f.sign_count, f.backup_eligible, f.backed_up";

/// Challenges that have expired, and that one answer forgets.
const FORGOTTEN_AT_ONCE: i64 = 10;

/// A passkey, and whose it is.
pub struct OwnedPasskey {
    /// Whose.
    pub account: Account,
    /// Which of their factors.
    pub factor: FactorId,
    /// The passkey.
    pub passkey: Passkey,
}

/// The passkey that authenticators call so.
pub async fn passkey(bridge: &dyn Bridge, credential_id: &[u8]) -> Result<Option<OwnedPasskey>, Problem> {
    let text = format!(
        "SELECT {}, f.id, {COLUMNS} FROM factors f JOIN accounts a ON a.id = f.account_id \
         WHERE f.credential_id = $1 AND f.confirmed_at IS NOT NULL",
        accounts::COLUMNS
    );
    let statement = sql(&text).bind(credential_id.to_vec());
    let rows = Rows::new("factors", bridge.query(statement.into()).await?);
    let found = rows.first(|row| {
        let account = accounts::read(row)?;
        let factor = FactorId::from_uuid(row.take("id")?);
        Ok(read(row)?.map(|passkey| OwnedPasskey { account, factor, passkey }))
    });
    Ok(found?.flatten())
}

/// An account's passkeys.
pub async fn passkeys(bridge: &dyn Bridge, account: UserId) -> Result<Vec<Passkey>, Problem> {
    let text = format!(
        "SELECT {COLUMNS} FROM factors f WHERE f.account_id = $1 AND f.credential_id IS NOT NULL ORDER BY f.id"
    );
    let rows = Rows::new("factors", bridge.query(sql(&text).bind(account.uuid()).into()).await?);
    Ok(rows.map(read)?.into_iter().flatten().collect())
}

/// Confirms a factor with the passkey that it is to be.
pub fn confirm_passkey(account: UserId, id: FactorId, passkey: &Passkey, at: Timestamp) -> GuardedStatement {
    sql("UPDATE factors SET confirmed_at = $3, last_used_at = $3, credential_id = $4, public_key = $5, \
             sign_count = $6, backup_eligible = $7, backed_up = $8 \
         WHERE id = $1 AND account_id = $2 AND kind = 'passkey' AND confirmed_at IS NULL")
    .bind(id.uuid())
    .bind(account.uuid())
    .bind(at)
    .bind(passkey.credential_id.clone())
    .bind(passkey.public_key.clone())
    .bind(i64::from(passkey.sign_count))
    .bind(passkey.backup_eligible)
    .bind(passkey.backed_up)
    .expecting(1)
}

/// Notes that a passkey was shown: of many with the same counter, one is.
pub fn take_passkey(id: FactorId, shown: Shown, at: Timestamp) -> GuardedStatement {
    sql("UPDATE factors SET sign_count = $2, backed_up = $3, last_used_at = $4 \
         WHERE id = $1 AND confirmed_at IS NOT NULL AND (sign_count < $2 OR sign_count = 0 AND $2 = 0)")
    .bind(id.uuid())
    .bind(i64::from(shown.sign_count))
    .bind(shown.backed_up)
    .bind(at)
    .expecting(1)
}

/// Uses a challenge up: of many that answer it at once, one does.
pub fn take_passkey_challenge(hash: &str, at: Timestamp) -> [GuardedStatement; 2] {
    // Those that another answer forgets at this moment are left to it.
    let forget = sql("DELETE FROM answered_challenges WHERE hash IN (SELECT hash FROM answered_challenges \
         WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)")
    .bind(at)
    .bind(FORGOTTEN_AT_ONCE)
    .unguarded();
    let insert =
        sql("INSERT INTO answered_challenges (hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(hash)
            .bind(at + CHALLENGE_LIFE)
            .expecting(1);
    [forget, insert]
}

/// Nothing where it is not confirmed, or something else.
pub(crate) fn read(row: &mut Row<'_>) -> Result<Option<Passkey>, Inconsistency> {
    let credential_id: Option<Vec<u8>> = row.take("credential_id")?;
    let public_key: Option<Vec<u8>> = row.take("public_key")?;
    let sign_count: Option<u32> = row.take("sign_count")?;
    let backup_eligible: Option<bool> = row.take("backup_eligible")?;
    let backed_up: Option<bool> = row.take("backed_up")?;
    let all = (credential_id, public_key, sign_count, backup_eligible, backed_up);
    let (Some(credential_id), Some(public_key), Some(sign_count), Some(backup_eligible), Some(backed_up)) =
        all
    else {
        return Ok(None);
    };
    Ok(Some(Passkey { credential_id, public_key, sign_count, backup_eligible, backed_up }))
}
