//! The outbox table: its lock, its rows, their end.

use crate::config::RelayConfig;
use crate::error::RelayError;
use crate::held::Held;
use mcsp_bridge_api::kafka::Event;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection, Executor, Row};
use std::time::Duration;

/// The oldest rows but those that are held. All are read by one statement, and always from the oldest on:
/// never `id > last`, for a transaction with a lower id may commit later than one with a higher, and the event
/// of a key must not be seen before an earlier one.
const READ: &str = "SELECT id, topic, key, event_id, type, source, time_us, traceparent, tracestate, data, \
     (extract(epoch FROM clock_timestamp() - created_at) * 1000)::bigint AS age_ms \
     FROM outbox WHERE topic <> ALL ($2) \
     AND (topic, key) NOT IN (SELECT held.topic, held.key FROM unnest($3::text[], $4::text[]) AS held (topic, key)) \
     ORDER BY id LIMIT $1";
const ANY: &str = "SELECT EXISTS (SELECT FROM outbox)";
/// How much waits, counted no further than to a bound, and how long the oldest has waited.
const BACKLOG: &str = "SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) AS few), \
     (SELECT (extract(epoch FROM clock_timestamp() - created_at) * 1000)::bigint \
      FROM outbox ORDER BY id LIMIT 1)";
const PRUNE: &str = "SELECT prune_inbox(at_most => $1), prune_idempotency_keys(at_most => $1)";
/// Rows of each table that are pruned at once: so few that relaying waits for milliseconds.
const PRUNE_ROWS: i32 = 1_000;
const DELETE: &str = "DELETE FROM outbox WHERE id = ANY($1)";

/// A row of the outbox.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub id: i64,
    pub age_ms: i64,
    pub event: Event,
}

/// One service's outbox, over one connection.
pub(crate) struct Table {
    connection: PgConnection,
    begin: String,
}

impl Table {
    pub(crate) async fn open(config: &RelayConfig) -> Result<Self, RelayError> {
        let options = config.postgres.connect_options().map_err(sqlx::Error::config)?;
        let timeout = Duration::from_millis(config.postgres.connect_timeout_ms);
        let connection = tokio::time::timeout(timeout, PgConnection::connect_with(&options))
            .await
            .map_err(|_| RelayError::ConnectTimeout)??;
        // Blocking, so that of two relays the second sees what the first did not. A lost deletion costs
        // a second publication and nothing else: its commit need not wait for the disk.
        let begin = format!(
            "BEGIN READ WRITE; SET LOCAL lock_timeout = {}; SET LOCAL synchronous_commit = off; \
             SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.outbox', 0))",
            config.lock_wait_ms
        );
        Ok(Table { connection, begin })
    }

    /// Whether anything waits, without a lock.
    pub(crate) async fn has_any(&mut self) -> Result<bool, RelayError> {
        Ok(sqlx::query_scalar(ANY).fetch_one(&mut self.connection).await?)
    }

    /// Begins a transaction that no other relay of this outbox can be in. False where another one did not
    /// end in time.
    pub(crate) async fn lock(&mut self) -> Result<bool, RelayError> {
        let begin = sqlx::raw_sql(AssertSqlSafe(self.begin.as_str()));
        match self.connection.execute(begin).await {
            Ok(_) => Ok(true),
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("55P03") => {
                self.connection.execute("ROLLBACK").await?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The oldest events, but those that are held.
    pub(crate) async fn read(&mut self, at_most: u32, held: &Held) -> Result<Vec<Waiting>, RelayError> {
        let but = held.exclusions();
        let read = sqlx::query(READ).bind(i64::from(at_most));
        let read = read.bind(but.topics).bind(but.topics_of_keys).bind(but.keys);
        let rows = read.fetch_all(&mut self.connection).await?;
        Ok(rows.iter().map(waiting).collect::<Result<_, _>>()?)
    }

    /// How many rows wait, up to `at_most`, and the age of the oldest in milliseconds.
    pub(crate) async fn backlog(&mut self, at_most: u32) -> Result<(i64, Option<i64>), RelayError> {
        Ok(sqlx::query_as(BACKLOG).bind(i64::from(at_most)).fetch_one(&mut self.connection).await?)
    }

    /// Forgets a little of what the platform's other tables of this schema no longer need. True where more of
    /// it is left.
    pub(crate) async fn prune(&mut self) -> Result<bool, RelayError> {
        self.connection.execute("BEGIN READ WRITE").await?;
        let prune = sqlx::query_as(PRUNE).bind(PRUNE_ROWS);
        let (events, keys): (i64, i64) = prune.fetch_one(&mut self.connection).await?;
        self.connection.execute("COMMIT").await?;
        Ok(events.max(keys) >= i64::from(PRUNE_ROWS))
    }

    pub(crate) async fn delete(&mut self, ids: &[i64]) -> Result<(), RelayError> {
        if !ids.is_empty() {
            sqlx::query(DELETE).bind(ids).execute(&mut self.connection).await?;
        }
        Ok(())
    }

    /// Ends the transaction, and lets the next relay in.
    pub(crate) async fn commit(&mut self) -> Result<(), RelayError> {
        self.connection.execute("COMMIT").await?;
        Ok(())
    }
}

fn waiting(row: &PgRow) -> Result<Waiting, sqlx::Error> {
    Ok(Waiting {
        id: row.try_get("id")?,
        age_ms: row.try_get("age_ms")?,
        event: Event {
            topic: row.try_get("topic")?,
            key: row.try_get("key")?,
            id: row.try_get("event_id")?,
            type_: row.try_get("type")?,
            source: row.try_get("source")?,
            time_us: row.try_get("time_us")?,
            traceparent: row.try_get("traceparent")?,
            data: row.try_get("data")?,
            tracestate: row.try_get("tracestate")?,
        },
    })
}
