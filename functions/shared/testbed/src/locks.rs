//! Locks of the test's own database: held for as long as a test wants, and waited for.

use crate::Testbed;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor};
use std::time::{Duration, Instant};

/// Far longer than anybody takes to come to a lock.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

/// A transaction that is kept open, and so whatever it has locked.
pub struct Held(PgConnection);

impl Testbed {
    /// Begins a transaction with this statement, and keeps it open until it is released or dropped. The service's schema is
    /// on the search path.
    pub async fn hold(&self, statement: &str) -> Held {
        let mut owner = self.database().owner().await;
        for text in ["BEGIN", statement] {
            owner.execute(AssertSqlSafe(text.to_owned())).await.unwrap();
        }
        Held(owner)
    }

    /// Waits until so many wait for locks of which this is true, in the words of `pg_locks`: `locktype = 'advisory'`, or
    /// `true` for any.
    pub async fn until_waiting(&self, count: i64, which: &str) {
        let question = format!(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) \
             WHERE datname = current_database() AND NOT granted AND {which}"
        );
        let begun = Instant::now();
        while self.ask::<i64>(&question).await < count {
            assert!(begun.elapsed() < PATIENCE, "{count} did not come to wait: {which}");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Held {
    /// Ends the transaction: whoever waits for it goes on.
    pub async fn release(mut self) {
        self.0.execute(AssertSqlSafe("COMMIT".to_owned())).await.unwrap();
    }
}
