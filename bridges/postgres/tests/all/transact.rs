//! Writes: all or nothing, whatever goes wrong, and each wrong with its own answer.
use crate::support::{Database, event, statements, until};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::kafka::MAX_EVENT_BYTES;
use mcsp_bridge_api::postgres::{RowMismatch, TransactError, Transaction, Value, Violation};
use mcsp_bridge_api::sql::sql;
use mcsp_postgres::{MAX_EVENTS, MAX_STATEMENTS, OutboxWake, Postgres};
use sqlx::{Connection, Executor, PgConnection};
use std::time::Duration;

const TABLE: &str = "CREATE TABLE videos (
    id bigint PRIMARY KEY,
    title text NOT NULL CONSTRAINT videos_title CHECK (title <> ''),
    twin bigint CONSTRAINT videos_twin REFERENCES videos DEFERRABLE INITIALLY DEFERRED
)";

async fn database() -> Database {
    let database = Database::migrated(&["shelf"]).await;
    database.prepare("shelf", TABLE).await;
    database
}

async fn rows(database: &Database) -> (i64, i64, i64) {
    (
        database.count("SELECT count(*) FROM shelf.videos").await,
        database.count("SELECT count(*) FROM shelf.outbox").await,
        database.count("SELECT count(*) FROM shelf.inbox").await,
    )
}

fn insert(id: i64, title: &str) -> mcsp_bridge_api::sql::Sql {
    sql("INSERT INTO videos (id, title) VALUES ($1, $2)").bind(id).bind(title)
}

/// Everything that a transaction can hold.
fn full(id: i64, event_id: &str) -> Transaction {
    Transaction {
        consumed_event: Some(event_id.to_owned()),
        statements: vec![insert(id, "t").expecting(1)],
        events: vec![event("media.changed", "v1", "{}"), event("media.changed", "v2", "{}")],
    }
}

#[tokio::test]
async fn rows_inbox_and_events_are_committed_together_in_order_and_the_relay_is_woken() {
    let database = database().await;
    let wake = OutboxWake::default();
    let postgres = Postgres::new(&database.config("shelf"), crate::support::guard(), wake.clone()).unwrap();
    let returning = sql("INSERT INTO videos (id, title) VALUES (9, 'r') RETURNING id, title").unguarded();
    let mut all = full(1, "e1");
    all.statements.push(returning);
    let answers = postgres.transact("search", all).await.unwrap();
    assert_eq!((answers.len(), answers[0].affected, answers[1].width), (2, 1, 2));
    assert_eq!(answers[1].cells, [Value::Int64(Some(9)), Value::Text(Some("r".to_owned()))]);
    assert_eq!(rows(&database).await, (2, 2, 1));
    let keys = "SELECT (array_agg(key ORDER BY id) = ARRAY['v1', 'v2'])::int::bigint FROM shelf.outbox";
    assert_eq!(database.count(keys).await, 1);
    tokio::time::timeout(Duration::from_secs(5), wake.rung()).await.unwrap();
}

#[tokio::test]
async fn a_row_count_other_than_expected_rolls_everything_back() {
    let database = database().await;
    let postgres = database.postgres("shelf");
    let mut all = full(1, "e1");
    all.statements.push(sql("UPDATE videos SET title = 'x' WHERE id = 99").expecting(1));
    let mismatch = RowMismatch { statement: 1, actual_rows: 0 };
    assert_eq!(postgres.transact("search", all).await, Err(TransactError::UnexpectedRows(mismatch)));
    assert_eq!(rows(&database).await, (0, 0, 0));
    postgres.transact("search", full(1, "e1")).await.unwrap();
}

#[tokio::test]
async fn an_event_takes_effect_once_per_component() {
    let database = database().await;
    let postgres = database.postgres("shelf");
    postgres.transact("search", full(1, "e1")).await.unwrap();
    assert_eq!(postgres.transact("search", full(2, "e1")).await, Err(TransactError::DuplicateEvent));
    assert_eq!(rows(&database).await, (1, 2, 1));
    postgres.transact("notifier", full(3, "e1")).await.unwrap();
    assert_eq!(rows(&database).await, (2, 4, 2));
}

#[tokio::test]
async fn of_many_transactions_with_one_event_exactly_one_takes_effect() {
    let database = database().await;
    let postgres = database.postgres("shelf");
    let all = (0..16).map(|id| {
        let postgres = postgres.clone();
        async move { postgres.transact("search", full(id, "e1")).await }
    });
    let results = futures::future::join_all(all).await;
    let duplicates = results.iter().filter(|r| **r == Err(TransactError::DuplicateEvent)).count();
    assert_eq!((results.iter().filter(|r| r.is_ok()).count(), duplicates), (1, 15));
    assert_eq!(rows(&database).await, (1, 2, 1));
}

#[tokio::test]
async fn a_constraint_is_told_by_name_and_statement() {
    let database = database().await;
    let postgres = database.postgres("shelf");
    postgres.transact("c", statements(vec![insert(1, "one").expecting(1)])).await.unwrap();
    let twin = sql("INSERT INTO videos (id, title, twin) VALUES (5, 'x', 404)").unguarded();
    let cases = [
        (vec![insert(2, "two").unguarded(), insert(1, "again").unguarded()], 1, "videos_pkey"),
        (vec![insert(3, "").unguarded()], 0, "videos_title"),
        (vec![twin, insert(6, "last").unguarded()], 1, "videos_twin"),
    ];
    for (all, statement, constraint) in cases {
        let violation = Violation { statement, constraint: constraint.to_owned() };
        let expected = Err(TransactError::ConstraintViolated(violation));
        assert_eq!(postgres.transact("c", statements(all)).await, expected);
    }
    assert_eq!(rows(&database).await, (1, 0, 0));
}

/// Where transactions wait for each other.
const GATE: &str = "SELECT 1 FROM pg_advisory_xact_lock_shared(1)";

/// Opens it once two wait there.
async fn let_two_meet(database: &Database, gate: PgConnection) {
    let waiting = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) \
        WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted";
    until("two wait for each other", async || database.count(waiting).await == 2).await;
    gate.close().await.unwrap();
}

/// Lets nobody through.
async fn shut_gate(database: &Database) -> PgConnection {
    let mut gate = database.owner().await;
    gate.execute("SELECT pg_advisory_lock(1)").await.unwrap();
    gate
}

#[tokio::test]
async fn a_deadlock_is_a_conflict() {
    let database = database().await;
    let postgres = database.postgres("shelf");
    let both = vec![insert(1, "a").unguarded(), insert(2, "b").unguarded()];
    postgres.transact("c", statements(both)).await.unwrap();
    let touch = |id: i64| sql("UPDATE videos SET title = title || 'x' WHERE id = $1").bind(id).expecting(1);
    // Each holds one row, and asks for the other's once both hold theirs.
    let gate = shut_gate(&database).await;
    let crossing = |first: i64, second: i64| {
        let wait = sql(GATE).unguarded();
        let postgres = postgres.clone();
        async move { postgres.transact("c", statements(vec![touch(first), wait, touch(second)])).await }
    };
    let (one, other, ()) = tokio::join!(crossing(1, 2), crossing(2, 1), let_two_meet(&database, gate));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert_eq!(one.err().or(other.err()), Some(TransactError::Conflict));
}

#[tokio::test]
async fn a_serialization_failure_is_a_conflict() {
    let database = database().await;
    let role = &database.config("shelf").role;
    let serializable = format!("ALTER ROLE {role} SET default_transaction_isolation = 'serializable'");
    database.prepare("shelf", &serializable).await;
    let postgres = database.postgres("shelf");
    postgres.transact("c", statements(vec![insert(1, "a").unguarded()])).await.unwrap();
    // Both have read before either writes.
    let gate = shut_gate(&database).await;
    let counting = || {
        let look = sql("SELECT title FROM videos WHERE id = 1").unguarded();
        let wait = sql(GATE).unguarded();
        let touch = sql("UPDATE videos SET title = title || 'x' WHERE id = 1").expecting(1);
        let postgres = postgres.clone();
        async move { postgres.transact("c", statements(vec![look, wait, touch])).await }
    };
    let (one, other, ()) = tokio::join!(counting(), counting(), let_two_meet(&database, gate));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert_eq!(one.err().or(other.err()), Some(TransactError::Conflict));
}

#[tokio::test]
async fn a_statement_that_would_end_the_transaction_is_refused() {
    let database = database().await;
    let postgres = database.postgres("shelf");
    for text in ["COMMIT", "ROLLBACK", "SET search_path = auth", "SAVEPOINT x", "CREATE TABLE x ()"] {
        let all = statements(vec![insert(1, "t").unguarded(), sql(text).unguarded()]);
        let refused = TransactError::Failed(Failure::Refused("not-a-statement".to_owned()));
        assert_eq!(postgres.transact("c", all).await, Err(refused), "{text}");
    }
    assert_eq!(rows(&database).await, (0, 0, 0));
}

#[tokio::test]
async fn what_is_beyond_the_bounds_is_refused_before_anything_is_sent() {
    let database = database().await;
    let postgres = database.postgres("shelf");
    let refused = |code: &str| Err(TransactError::Failed(Failure::Refused(code.to_owned())));
    let many = (0..=MAX_STATEMENTS as i64).map(|id| insert(id, "t").unguarded()).collect();
    assert_eq!(postgres.transact("c", statements(many)).await, refused("too-many-statements"));
    let events = |events| Transaction { consumed_event: None, statements: vec![], events };
    let many = vec![event("t", "k", "{}"); MAX_EVENTS + 1];
    assert_eq!(postgres.transact("c", events(many)).await, refused("too-many-events"));
    let large = vec![event("t", "k", &"x".repeat(MAX_EVENT_BYTES))];
    assert_eq!(postgres.transact("c", events(large)).await, refused("event-too-large"));
    let most = vec![event("t", "k", "{}"); MAX_EVENTS];
    assert_eq!(postgres.transact("c", events(most)).await, Ok(vec![]));
    assert_eq!(rows(&database).await, (0, MAX_EVENTS as i64, 0));
}

#[tokio::test]
async fn a_call_dropped_at_any_moment_leaves_nothing_open() {
    let database = database().await;
    let mut config = database.config("shelf");
    (config.max_connections, config.acquire_timeout_ms) = (2, 5_000);
    let postgres = crate::support::client(&config);
    let mut committed = 0;
    for id in 0..300_i64 {
        // Dropped after so many polls, from before `BEGIN` to after `COMMIT`.
        let call = postgres.transact("search", full(id, &id.to_string()));
        let polls = id % 15;
        committed += i64::from(poll_at_most(call, polls).await.is_some_and(|result| result.is_ok()));
        let read =
            postgres.query(sql("SELECT 1 FROM pg_current_xact_id_if_assigned() AS x WHERE x IS NULL").into());
        assert_eq!(
            read.await.unwrap().affected,
            1,
            "a read after {polls} polls runs in someone's transaction"
        );
    }
    crate::support::until("all connections are back", async || postgres.counts().lent == 0).await;
    let open = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND state LIKE 'idle in transaction%'",
        config.role
    );
    assert_eq!(database.count(&open).await, 0);
    let (videos, events, inbox) = rows(&database).await;
    assert_eq!((events, inbox), (videos * 2, videos), "half a transaction");
    assert!(videos >= committed && videos < 300, "{videos} of 300, {committed} known");
}

async fn poll_at_most<T>(future: impl Future<Output = T>, polls: i64) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return std::task::Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}
