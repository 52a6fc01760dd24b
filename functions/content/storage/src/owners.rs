//! Whether the accounts of owners are there to have something shown.
//!
//! A video can come to be, or get what a draft says, while its owner's account changes. So both transactions take the owner's lock
//! first: the one that comes second sees what the other has left.

use crate::ReadError;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Rows, exclusively, sql};
use mcsp_function::Context;
use mcsp_ids::UserId;

/// What is known of an owner's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Auth's version.
    pub version: i64,
    /// Whether it is neither suspended nor closed nor gone.
    pub is_active: bool,
    /// Whether it is gone for good.
    pub is_erased: bool,
}

/// What is known of an account; none where it has not been heard of.
pub async fn owner(context: &Context, id: UserId) -> Result<Option<Owner>, ReadError> {
    let statement =
        sql("SELECT version, is_active, is_erased FROM owners WHERE owner_id = $1").bind(id.uuid());
    let rows = Rows::new("owners", context.bridge().query(statement.into()).await?);
    Ok(rows.first(|row| {
        let (version, is_active) = (row.take("version")?, row.take("is_active")?);
        Ok(Owner { version, is_active, is_erased: row.take("is_erased")? })
    })?)
}

/// The statement that keeps others away from an account and from new videos of it, until the transaction ends.
pub fn lock_owner(id: UserId) -> GuardedStatement {
    exclusively("owners", id.uuid())
}

/// The statement that keeps what is known of an account, unless the same version or a later one is known.
pub fn keep_owner(id: UserId, owner: Owner) -> GuardedStatement {
    sql("INSERT INTO owners AS o (owner_id, version, is_active, is_erased) VALUES ($1, $2, $3, $4) \
         ON CONFLICT ON CONSTRAINT owners_pkey DO UPDATE SET version = excluded.version, \
             is_active = excluded.is_active, is_erased = excluded.is_erased \
         WHERE o.version < excluded.version")
    .bind(id.uuid())
    .bind(owner.version)
    .bind(owner.is_active)
    .bind(owner.is_erased)
    .unguarded()
}

/// The statement that lets a transaction fail where something else is known of the account by now, and lets nothing else be known
/// before it ends.
pub fn owner_is(id: UserId, known: Option<Owner>) -> GuardedStatement {
    sql("SELECT true FROM (SELECT max(version) AS version FROM \
             (SELECT version FROM owners WHERE owner_id = $1 FOR SHARE) AS locked) AS known \
         WHERE version IS NOT DISTINCT FROM $2")
    .bind(id.uuid())
    .bind(known.map(|owner| owner.version))
    .expecting(1)
}
