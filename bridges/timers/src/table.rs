//! The table of timers: due rows are claimed, and settled by whoever claimed them.

use crate::config::TimersConfig;
use crate::error::TimersError;
use mcsp_kafka::CloudEvent;
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection, Executor};
use std::time::Duration;

/// Where events of timers say that they come from, in the place of a topic.
pub const TOPIC: &str = "timers";

/// Two processes that claim at once take different rows, and wait for each other in neither.
const CLAIM: &str = "UPDATE timers SET ready_at = now() + make_interval(secs => $3), deliveries = deliveries + 1 \
     WHERE event_id IN (SELECT event_id FROM timers \
         WHERE refused IS NULL AND ready_at <= now() AND component = ANY ($1) \
         ORDER BY ready_at LIMIT $2 FOR UPDATE SKIP LOCKED) \
     RETURNING event_id, component, key, type, source, traceparent, tracestate, data::text AS data, deliveries, \
         to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS due_at";
/// A claim that has ended meanwhile settles nothing: the row is another's, or was set anew.
const DONE: &str = "DELETE FROM timers WHERE event_id = $1 AND deliveries = $2";
const POSTPONE: &str =
    "UPDATE timers SET ready_at = now() + make_interval(secs => $3) WHERE event_id = $1 AND deliveries = $2";
const REFUSE: &str = "UPDATE timers SET refused = $3 WHERE event_id = $1 AND deliveries = $2";

/// A due timer, claimed.
#[derive(Debug)]
pub(crate) struct Due {
    pub component: String,
    pub event: CloudEvent,
    /// How often it was delivered, this time included.
    pub deliveries: i64,
}

/// One service's timers, over one connection.
pub(crate) struct Table(PgConnection);

impl Table {
    pub(crate) async fn open(config: &TimersConfig) -> Result<Self, TimersError> {
        let options = config.postgres.connect_options().map_err(sqlx::Error::config)?;
        // Each statement is a transaction of its own, and nearly all of them write.
        let options = options.options([("default_transaction_read_only", "off")]);
        let timeout = Duration::from_millis(config.postgres.connect_timeout_ms);
        let connecting = tokio::time::timeout(timeout, PgConnection::connect_with(&options)).await;
        Ok(Table(connecting.map_err(|_| TimersError::ConnectTimeout)??))
    }

    pub(crate) async fn claim(&mut self, config: &TimersConfig) -> Result<Vec<Due>, TimersError> {
        let claim = sqlx::query(CLAIM)
            .bind(&config.components)
            .bind(i64::from(config.batch))
            .bind(Duration::from_millis(config.claim_ms).as_secs_f64());
        let rows = self.0.fetch_all(claim).await?;
        Ok(rows.iter().map(due).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn done(&mut self, due: &Due) -> Result<(), TimersError> {
        let done = sqlx::query(DONE).bind(&due.event.id).bind(due.deliveries);
        self.0.execute(done).await?;
        Ok(())
    }

    pub(crate) async fn postpone(&mut self, due: &Due, wait: Duration) -> Result<(), TimersError> {
        let postpone =
            sqlx::query(POSTPONE).bind(&due.event.id).bind(due.deliveries).bind(wait.as_secs_f64());
        self.0.execute(postpone).await?;
        Ok(())
    }

    pub(crate) async fn refuse(&mut self, due: &Due, cause: &str) -> Result<(), TimersError> {
        let refuse = sqlx::query(REFUSE).bind(&due.event.id).bind(due.deliveries).bind(cause);
        self.0.execute(refuse).await?;
        Ok(())
    }
}

fn due(row: &PgRow) -> Result<Due, sqlx::Error> {
    let key: String = row.try_get("key")?;
    Ok(Due {
        component: row.try_get("component")?,
        deliveries: row.try_get("deliveries")?,
        event: CloudEvent {
            topic: TOPIC.to_owned(),
            partition: 0,
            offset: 0,
            id: row.try_get("event_id")?,
            type_: row.try_get("type")?,
            source: row.try_get("source")?,
            time: row.try_get("due_at")?,
            subject: Some(key.clone()),
            key: Some(key),
            traceparent: row.try_get("traceparent")?,
            tracestate: row.try_get("tracestate")?,
            content_type: None,
            data: row.try_get::<String, _>("data")?.into_bytes(),
        },
    })
}
