//! Requests of many parts, each of which has its effect in a transaction of its own: what an earlier try has done, before it died, the
//! next one finds done.

use crate::claim::{Answer, Claim, Held, KEPT_FOR};
use mcsp_bridge_api::postgres::{GuardedStatement, TransactError, Transaction};
use mcsp_bridge_api::sql::{Rows, sql};
use mcsp_function::Context;
use mcsp_problem::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

impl Claim {
    /// The statement that remembers what became of a part, in the transaction of its effect; none where the request has no key. Of two
    /// tries that are at work at the same time, one does the part.
    pub fn record_part<T: Serialize>(
        &self,
        context: &Context,
        part: &str,
        outcome: &T,
    ) -> Option<GuardedStatement> {
        let held = self.held()?;
        let now = context.now();
        let statement = sql("INSERT INTO idempotency_keys AS k \
                 (scope, key, fingerprint, state, status, body, locked_until, expires_at) \
             VALUES ($1, $2, $3, 'answered', 200, $4, $5, $6) \
             ON CONFLICT (scope, key) DO UPDATE SET fingerprint = excluded.fingerprint, body = excluded.body, \
                 locked_until = excluded.locked_until, expires_at = excluded.expires_at \
             WHERE k.expires_at <= $5 OR k.fingerprint <> excluded.fingerprint")
        .bind(parts_of(held))
        .bind(part)
        .bind(held.fingerprint.clone())
        // Outcomes are plain structs, as answers are.
        .bind(serde_json::to_vec(outcome).unwrap_or_default())
        .bind(now)
        .bind(now + KEPT_FOR);
        Some(statement.expecting(1))
    }

    /// What earlier tries of the same request have done, by its parts.
    pub async fn parts<T: DeserializeOwned>(
        &self,
        context: &Context,
    ) -> Result<BTreeMap<String, T>, Problem> {
        let Some(held) = self.held() else { return Ok(BTreeMap::new()) };
        let statement = sql("SELECT key, body FROM idempotency_keys \
             WHERE scope = $1 AND fingerprint = $2 AND expires_at > $3")
        .bind(parts_of(held))
        .bind(held.fingerprint.clone())
        .bind(context.now());
        let rows = Rows::new("idempotency_keys", context.bridge().query(statement.into()).await?);
        let parts = rows.map(|row| {
            let part = row.take("key")?;
            Ok((part, row.parse("body", |body: Vec<u8>| serde_json::from_slice(&body).ok())?))
        })?;
        Ok(parts.into_iter().collect())
    }

    /// Keeps the answer of a request all of whose parts are done, and forgets them.
    pub async fn keep_whole(&self, context: &Context, answer: &Answer) -> Result<(), TransactError> {
        let (Some(record), Some(held)) = (self.record(answer), self.held()) else { return Ok(()) };
        let forget = sql("DELETE FROM idempotency_keys WHERE scope = $1").bind(parts_of(held)).unguarded();
        context.bridge().transact(Transaction::of(vec![record, forget])).await.map(drop)
    }
}

/// The scope of a request's parts: no request has it.
fn parts_of(Held { scope, key, .. }: &Held) -> String {
    format!("{scope} part of {key}")
}
