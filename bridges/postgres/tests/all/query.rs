//! Reads: every type there and back, nothing but reads, and the bounds.
use crate::support::{Database, nulls, unique, values};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::postgres::{Statement, Value};
use mcsp_bridge_api::sql::sql;

fn refused(code: &str) -> Failure {
    Failure::Refused(code.to_owned())
}

fn statement(sql: &str, parameters: Vec<Value>) -> Statement {
    Statement { sql: sql.to_owned(), parameters }
}

#[tokio::test]
async fn every_type_comes_back_as_it_was_sent_and_so_does_its_null() {
    let database = Database::migrated(&["test"]).await;
    let postgres = database.postgres("test");
    let places: Vec<String> = (1..=values().len()).map(|n| format!("${n}")).collect();
    let text = format!("SELECT {}", places.join(", "));
    for sent in [values(), nulls()] {
        let answer = postgres.query(statement(&text, sent.clone())).await.unwrap();
        assert_eq!(answer.cells, sent);
        assert_eq!((answer.width as usize, answer.affected), (sent.len(), 1));
    }
}

#[tokio::test]
async fn a_type_of_a_parameter_is_what_postgres_takes_it_for() {
    let database = Database::migrated(&["test"]).await;
    let text = "SELECT pg_typeof($1)::text, pg_typeof($2)::text, pg_typeof($3)::text, pg_typeof($4)::text";
    let parameters =
        vec![Value::TimestampUs(None), Value::Json(None), Value::UuidArray(None), Value::Float64(None)];
    let answer = database.postgres("test").query(statement(text, parameters)).await.unwrap();
    let names = ["timestamp with time zone", "jsonb", "uuid[]", "double precision"];
    assert_eq!(answer.cells, names.map(|name| Value::Text(Some(name.to_owned()))));
}

#[tokio::test]
async fn narrower_types_widen_to_those_of_the_interface() {
    let database = Database::migrated(&["test"]).await;
    let text = "SELECT 1::smallint, 2::integer, 0.5::real, 'v'::varchar(3), 'n'::name, '{\"a\":1}'::json";
    let answer = database.postgres("test").query(statement(text, vec![])).await.unwrap();
    let expected = [
        Value::Int64(Some(1)),
        Value::Int64(Some(2)),
        Value::Float64(Some(0.5)),
        Value::Text(Some("v".to_owned())),
        Value::Text(Some("n".to_owned())),
        Value::Json(Some("{\"a\":1}".to_owned())),
    ];
    assert_eq!(answer.cells, expected);
}

#[tokio::test]
async fn one_text_with_parameters_of_two_types_is_two_statements() {
    let database = Database::migrated(&["test"]).await;
    let mut config = database.config("test");
    config.max_connections = 1;
    let postgres = crate::support::client(&config);
    for value in [Value::Int64(Some(5)), Value::TimestampUs(Some(5)), Value::Text(Some("5".to_owned()))] {
        let answer = postgres.query(statement("SELECT $1", vec![value.clone()])).await.unwrap();
        assert_eq!(answer.cells, [value]);
    }
}

#[tokio::test]
async fn a_query_cannot_write_in_any_way() {
    let database = Database::migrated(&["test"]).await;
    database.prepare("test", "CREATE TABLE t (id bigint); INSERT INTO t VALUES (1)").await;
    let postgres = database.postgres("test");
    let attempts = [
        ("INSERT INTO t VALUES (2)", "not-a-read"),
        ("SET default_transaction_read_only = off", "not-a-read"),
        ("BEGIN READ WRITE", "not-a-read"),
        ("WITH x AS (DELETE FROM t RETURNING id) SELECT id FROM x", "25006"),
        ("SELECT id FROM t FOR UPDATE", "25006"),
        ("SELECT nextval('outbox_id_seq')", "25006"),
        ("SELECT set_config('default_transaction_read_only', 'off', false)", "42501"),
        ("SELECT 1; DELETE FROM t", "42601"),
    ];
    for (text, code) in attempts {
        assert_eq!(postgres.query(statement(text, vec![])).await, Err(refused(code)), "{text}");
    }
    assert_eq!(database.count("SELECT count(*) FROM test.t").await, 1);
}

#[tokio::test]
async fn a_mistake_in_a_statement_is_refused_with_its_code_and_the_connection_serves_on() {
    let database = Database::migrated(&["test"]).await;
    let mut config = database.config("test");
    config.max_connections = 1;
    let postgres = crate::support::client(&config);
    let mistakes = [
        (statement("SELECT", vec![Value::Int64(None)]), None),
        (statement("SELECT nonsense", vec![]), Some("42703")),
        (statement("SELECT $1 + $2", vec![Value::Int64(Some(1))]), Some("08P01")),
        (statement("SELECT 1 / $1", vec![Value::Int64(Some(0))]), Some("22012")),
        (statement("SELECT $1", vec![Value::Text(Some("nul \0".to_owned()))]), Some("22021")),
        (statement("SELECT $1", vec![Value::Uuid(Some(vec![1]))]), Some("malformed-parameter")),
        (statement("SELECT $1", vec![Value::Json(Some("{".to_owned()))]), Some("22P02")),
        (statement("SELECT interval '1 day'", vec![]), Some("unsupported-type")),
        (statement("SELECT ARRAY['a', NULL]", vec![]), Some("unsupported-type")),
        (statement("SELECT 'infinity'::timestamptz", vec![]), Some("unsupported-type")),
    ];
    for (mistake, code) in mistakes {
        let text = mistake.sql.clone();
        let result = postgres.query(mistake).await;
        match code {
            Some(code) => assert_eq!(result, Err(refused(code)), "{text}"),
            None => assert!(result.is_ok(), "{text}: {result:?}"),
        }
        assert_eq!(postgres.query(sql("SELECT 1").into()).await.unwrap().affected, 1, "after {text}");
    }
}

#[tokio::test]
async fn an_answer_beyond_its_bounds_is_refused() {
    let database = Database::migrated(&["test"]).await;
    let postgres = database.postgres("test");
    let many = "SELECT n FROM generate_series(1, $1) AS n";
    let rows = i64::try_from(mcsp_postgres::MAX_ANSWER_ROWS).unwrap();
    assert_eq!(postgres.query(sql(many).bind(rows).into()).await.unwrap().affected, 10_000);
    assert_eq!(postgres.query(sql(many).bind(rows + 1).into()).await, Err(refused("answer-too-large")));
    let big = "SELECT repeat('x', $1::integer)";
    let bytes = i64::try_from(mcsp_postgres::MAX_ANSWER_BYTES).unwrap();
    assert!(postgres.query(sql(big).bind(bytes).into()).await.is_ok());
    assert_eq!(postgres.query(sql(big).bind(bytes + 1).into()).await, Err(refused("answer-too-large")));
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_cancelled() {
    let database = Database::migrated(&["test"]).await;
    let mut config = database.config("test");
    config.statement_timeout_ms = 50;
    let postgres = crate::support::client(&config);
    assert_eq!(
        postgres.query(sql("SELECT 1 FROM pg_sleep(30)").into()).await,
        Err(Failure::DeadlineExceeded)
    );
}

#[tokio::test]
async fn a_connection_outlives_the_callers_of_statements_that_are_cancelled() {
    let database = Database::migrated(&["test"]).await;
    let mut config = database.config("test");
    (config.max_connections, config.statement_timeout_ms, config.deadline_ms) = (1, 400, 200);
    let postgres = crate::support::client(&config);
    let backend = async || {
        let answer = postgres.query(sql("SELECT pg_backend_pid()::bigint").into()).await.unwrap();
        answer.cells
    };
    // Where nothing was begun there is nothing to roll back: Postgres would warn of each.
    let rolled_back = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND query = 'ROLLBACK'",
        config.role
    );
    let before = backend().await;
    for _ in 0..3 {
        let slow = postgres.query(sql("SELECT 1 FROM pg_sleep(30)").into()).await;
        assert_eq!(slow, Err(Failure::DeadlineExceeded));
        crate::support::until("its connection is back", async || postgres.counts().lent == 0).await;
        assert_eq!(database.count(&rolled_back).await, 0);
        assert_eq!(backend().await, before, "another connection was made");
    }
}

#[tokio::test]
async fn a_pool_in_use_is_overloaded_and_a_server_that_is_not_there_is_unreachable() {
    let database = Database::migrated(&["test"]).await;
    let mut config = database.config("test");
    (config.max_connections, config.acquire_timeout_ms) = (1, 20);
    let postgres = crate::support::client(&config);
    let slow = tokio::spawn({
        let postgres = postgres.clone();
        async move { postgres.query(sql("SELECT 1 FROM pg_sleep(30)").into()).await }
    });
    crate::support::until("the slow call has the connection", async || postgres.counts().lent == 1).await;
    assert_eq!(postgres.query(sql("SELECT 1").into()).await, Err(Failure::Overloaded));
    slow.abort();

    // Bound and closed again, so that nothing listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    config.url = format!("postgres://127.0.0.1:{port}/{}", unique());
    let nowhere = crate::support::client(&config);
    assert_eq!(nowhere.query(sql("SELECT 1").into()).await, Err(Failure::Unreachable));
}

#[tokio::test]
async fn a_connection_that_the_server_ended_while_idle_is_replaced() {
    let database = Database::migrated(&["test"]).await;
    let mut config = database.config("test");
    config.max_connections = 1;
    let postgres = crate::support::client(&config);
    postgres.query(sql("SELECT 1").into()).await.unwrap();
    let end = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{}'",
        config.role
    );
    assert_eq!(database.count(&end).await, 1);
    crate::support::until("a read succeeds again", async || {
        postgres.query(sql("SELECT 1").into()).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_role_reads_no_other_schema_and_makes_nothing() {
    let database = Database::migrated(&["shelf", "till"]).await;
    let shelf = database.postgres("shelf");
    let read = statement("SELECT key FROM till.outbox", vec![]);
    assert_eq!(shelf.query(read).await, Err(refused("42501")));
    let own = statement("SELECT key FROM shelf.outbox", vec![]);
    assert!(shelf.query(own).await.is_ok());
    let mut role = database.role("shelf").await;
    for denied in [
        "CREATE TABLE shelf.x ()",
        "CREATE TABLE public.x ()",
        "CREATE TEMP TABLE x ()",
        "DROP TABLE shelf.outbox",
        "CREATE SCHEMA x",
        "SELECT * FROM mcsp.migrations",
        "TRUNCATE shelf.outbox",
    ] {
        let error = sqlx::Executor::execute(&mut role, format_sql(denied)).await.unwrap_err();
        let code = error.as_database_error().and_then(|e| e.code().map(|c| c.into_owned()));
        assert_eq!(code.as_deref(), Some("42501"), "{denied}");
    }
}

fn format_sql(text: &str) -> sqlx::AssertSqlSafe<&str> {
    sqlx::AssertSqlSafe(text)
}
