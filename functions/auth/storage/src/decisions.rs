//! What administrators have decided on accounts.

use crate::accounts::closed_beside;
use auth_domain::{Account, State};
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Rows, sql};
use mcsp_ids::UserId;
use mcsp_problem::Problem;

/// The version of the last decision on an account; 0 where there was none, and nothing where there is no account.
pub async fn last_version(bridge: &dyn Bridge, account: UserId) -> Result<Option<i64>, Problem> {
    let statement = sql("SELECT decision_version FROM accounts WHERE id = $1").bind(account.uuid());
    let rows = Rows::new("accounts", bridge.query(statement.into()).await?);
    Ok(rows.first(|row| row.take("decision_version"))?)
}

/// The statements by which an account becomes what was decided; a suspended one's sessions end.
pub fn move_to(account: &Account, decision_version: i64, at: Timestamp) -> Vec<GuardedStatement> {
    let id = account.id.uuid();
    let since = match account.state {
        State::Active => at,
        // One that was closed before its suspension is closed since then.
        State::Suspended { since, .. } | State::Closed { since } => since,
    };
    let update = sql(
        "UPDATE accounts SET state = $2, state_since = $3, version = $4, decision_version = $5, closed_since = $6 \
         WHERE id = $1 AND version = $4 - 1 AND decision_version < $5",
    )
    .bind(id)
    .bind(account.state.as_str())
    .bind(since)
    .bind(account.version)
    .bind(decision_version)
    .bind(closed_beside(account.state))
    .expecting(1);
    let end_sessions = match account.state {
        State::Suspended { .. } => {
            Some(sql("DELETE FROM sessions WHERE account_id = $1").bind(id).unguarded())
        }
        State::Active | State::Closed { .. } => None,
    };
    std::iter::once(update).chain(end_sessions).collect()
}

/// The statement that notes a decision by which nothing changed.
pub fn note(account: &Account, decision_version: i64) -> GuardedStatement {
    sql("UPDATE accounts SET decision_version = $3 WHERE id = $1 AND version = $2 AND decision_version < $3")
        .bind(account.id.uuid())
        .bind(account.version)
        .bind(decision_version)
        .expecting(1)
}
