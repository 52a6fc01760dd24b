//! What Admin has decided, in Postgres.

use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Inconsistency, Row, sql};
use playback_domain::Decision;
use uuid::Uuid;

/// A table of decisions.
pub(crate) struct Decisions {
    pub table: &'static str,
    /// The column of what they are on.
    pub id: &'static str,
    /// The column of whether they deny it.
    pub denies: &'static str,
}

impl Decisions {
    /// The statement that keeps a decision, unless the same or a later one is known.
    pub(crate) fn upsert(&self, id: Uuid, decision: Decision) -> GuardedStatement {
        let Decisions { table, id: key, denies } = self;
        sql(&format!(
            "INSERT INTO {table} AS d ({key}, version, {denies}) VALUES ($1, $2, $3) \
             ON CONFLICT ({key}) DO UPDATE SET version = excluded.version, {denies} = excluded.{denies} \
             WHERE d.version < excluded.version"
        ))
        .bind(id)
        .bind(i64::try_from(decision.version).unwrap_or(i64::MAX))
        .bind(decision.denies)
        .unguarded()
    }

    /// The decision of a row, where there is one: `decision_version` and what it denies stand next in it.
    pub(crate) fn read(&self, row: &mut Row<'_>) -> Result<Option<Decision>, Inconsistency> {
        let version: Option<u64> = row.take("decision_version")?;
        let denies: Option<bool> = row.take(self.denies)?;
        Ok(version.zip(denies).map(|(version, denies)| Decision { version, denies }))
    }
}
