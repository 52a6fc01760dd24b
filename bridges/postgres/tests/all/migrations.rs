//! The migration engine: once, in order, by one run at a time, and plain about what is wrong.
use crate::support::{Database, migrations, unique};
use mcsp_postgres::migrations::{Report, migrate};
use std::path::Path;

const SERVICES: [&str; 9] = [
    "auth",
    "upload",
    "content",
    "playback",
    "engagement",
    "subscription",
    "notification",
    "dashboard",
    "admin",
];

/// A folder with an empty `platform`, and one file of one service.
fn folder(file: &str, sql: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("platform")).unwrap();
    write(folder.path(), file, sql);
    folder
}

fn write(folder: &Path, file: &str, sql: &str) {
    std::fs::create_dir_all(folder.join("content")).unwrap();
    std::fs::write(folder.join("content").join(file), sql).unwrap();
}

#[tokio::test]
async fn the_first_run_makes_every_schema_and_the_second_does_nothing() {
    let database = Database::empty(&SERVICES).await;
    let first = migrate(&database.url, &migrations(), &database.services).await.unwrap();
    assert_eq!(first.roles.len(), SERVICES.len());
    for service in SERVICES {
        let tables = format!(
            "SELECT count(*) FROM pg_tables WHERE schemaname = '{service}' \
             AND tablename IN ('outbox', 'inbox', 'idempotency_keys')"
        );
        assert_eq!(database.count(&tables).await, 3, "{service}");
    }
    let again = migrate(&database.url, &migrations(), &database.services).await.unwrap();
    assert_eq!(again, Report::default());
}

#[tokio::test]
async fn runs_at_the_same_time_apply_everything_once() {
    let database = Database::empty(&["auth", "content"]).await;
    let folder = migrations();
    let all = (0..4).map(|_| migrate(&database.url, &folder, &database.services));
    let reports = futures::future::try_join_all(all).await.unwrap();
    assert_eq!(reports.iter().filter(|report| !report.applied.is_empty()).count(), 1, "{reports:?}");
}

#[tokio::test]
async fn a_failing_statement_is_named_with_file_line_and_code_and_leaves_nothing() {
    let database = Database::empty(&["content"]).await;
    let sql = "-- Breaks.\nCREATE TABLE a (id bigint);\n\nCREATE TABLE b (id nonsense);\n";
    let folder = folder("20260801000000_broken.sql", sql);
    let error = migrate(&database.url, folder.path(), &database.services).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("content/20260801000000_broken.sql:4: "), "{text}");
    assert!(text.contains("SQLSTATE 42704"), "{text}");
    assert_eq!(database.count("SELECT count(*) FROM pg_tables WHERE schemaname = 'content'").await, 0);
    write(folder.path(), "20260801000000_broken.sql", &sql.replace("nonsense", "bigint"));
    let report = migrate(&database.url, folder.path(), &database.services).await.unwrap();
    assert_eq!(report.applied, ["content: content/20260801000000_broken.sql"]);
}

#[tokio::test]
async fn an_applied_file_may_not_change() {
    let database = Database::empty(&["content"]).await;
    let folder = folder("20260801000000_a.sql", "-- Why.\nCREATE TABLE a ()");
    migrate(&database.url, folder.path(), &database.services).await.unwrap();
    write(folder.path(), "20260801000000_a.sql", "-- Why.\nCREATE TABLE b ()");
    let error = migrate(&database.url, folder.path(), &database.services).await.unwrap_err();
    assert!(error.to_string().contains("20260801000000_a.sql was changed"), "{error}");
}

#[tokio::test]
async fn a_file_without_timestamp_or_reason_is_refused() {
    let database = Database::empty(&["content"]).await;
    for (name, sql) in
        [("a.sql", "-- Why.\n"), ("2026_a.sql", "-- Why.\n"), ("20260801000000_a.sql", "SELECT 1")]
    {
        let folder = folder(name, sql);
        let error = migrate(&database.url, folder.path(), &database.services).await.unwrap_err();
        assert!(error.to_string().starts_with(&format!("content/{name}: ")), "{error}");
    }
}

#[tokio::test]
async fn an_index_can_be_made_concurrently() {
    let database = Database::empty(&["content"]).await;
    let folder = folder("20260801000000_a.sql", "-- Why.\nCREATE TABLE a (id bigint)");
    let index = "-- Why.\n-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS a_id ON a (id)";
    write(folder.path(), "20260801000001_index.sql", index);
    migrate(&database.url, folder.path(), &database.services).await.unwrap();
    assert_eq!(database.count("SELECT count(*) FROM pg_indexes WHERE schemaname = 'content'").await, 1);
}

#[tokio::test]
async fn a_new_password_replaces_the_old_one() {
    let mut database = Database::migrated(&["content"]).await;
    database.services[0].password = format!("it's {}", unique());
    let report = migrate(&database.url, &migrations(), &database.services).await.unwrap();
    assert_eq!((report.roles.len(), report.applied.len()), (1, 0));
    let read = mcsp_bridge_api::sql::sql("SELECT key FROM outbox");
    assert!(database.postgres("content").query(read.into()).await.is_ok());
}

#[tokio::test]
async fn old_inbox_entries_and_expired_keys_are_pruned_within_a_bound() {
    let database = Database::migrated(&["content"]).await;
    let rows =
        "INSERT INTO inbox SELECT 'c', n::text, now() - n * interval '1 day' FROM generate_series(1, 30) n;
        INSERT INTO idempotency_keys (scope, key, fingerprint, locked_until, expires_at)
        SELECT 's', n::text, '', now(), now() - interval '1 s' FROM generate_series(1, 3) n";
    database.prepare("content", rows).await;
    let mut role = database.role("content").await;
    sqlx::Executor::execute(&mut role, "SET search_path = content").await.unwrap();
    for (call, expected) in
        [("prune_inbox(at_most => 10)", 10_i64), ("prune_inbox()", 7), ("prune_idempotency_keys()", 3)]
    {
        let sql = format!("SELECT {call}");
        let pruned: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut role).await.unwrap();
        assert_eq!(pruned, expected, "{call}");
    }
}

#[tokio::test]
async fn pruning_a_few_rows_of_a_large_table_reads_no_others() {
    let database = Database::migrated(&["content"]).await;
    let rows = "INSERT INTO inbox SELECT 'c', n::text, now() - CASE WHEN n % 5000 = 0 THEN interval '15 days'
            ELSE interval '1 day' END FROM generate_series(1, 50000) n;
        INSERT INTO idempotency_keys (scope, key, fingerprint, locked_until, expires_at)
        SELECT 's', n::text, '', now(), now() + CASE WHEN n % 5000 = 0 THEN interval '-1 s'
            ELSE interval '1 day' END FROM generate_series(1, 50000) n;
        ANALYZE inbox; ANALYZE idempotency_keys";
    database.prepare("content", rows).await;
    for (call, table, order) in [
        ("prune_inbox(at_most => 1000)", "inbox", "inbox_consumed_at"),
        ("prune_idempotency_keys(at_most => 1000)", "idempotency_keys", "idempotency_keys_expires_at"),
    ] {
        let mut role = database.role("content").await;
        sqlx::Executor::execute(&mut role, "SET search_path = content").await.unwrap();
        let before = read_of(&mut role, table, order).await;
        let pruned: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT {call}")))
            .fetch_one(&mut role)
            .await
            .unwrap();
        assert_eq!(pruned, 10, "{call}");
        sqlx::Executor::execute(&mut role, "SELECT pg_stat_force_next_flush()").await.unwrap();
        let after = read_of(&mut role, table, order).await;
        assert_eq!(after.0, before.0, "{call} reads the whole table");
        assert!(after.1 > before.1, "{call} does not use {order}");
    }
}

/// How often a table was read whole, and how often by the index of its times.
async fn read_of(role: &mut sqlx::PgConnection, table: &str, index: &str) -> (i64, i64) {
    let sql =
        "SELECT (SELECT seq_scan FROM pg_stat_user_tables WHERE relname = $1 AND schemaname = 'content'),
        (SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = $2 AND schemaname = 'content')";
    sqlx::query_as(sql).bind(table).bind(index).fetch_one(role).await.unwrap()
}

/// What code of before would miss or trip over, while it still runs beside the new.
const CONTRACTIONS: [&str; 8] = [
    "DROP TABLE",
    "DROP COLUMN",
    "DROP SCHEMA",
    "DROP DEFAULT",
    "RENAME",
    "SET NOT NULL",
    "SET DATA TYPE",
    "TRUNCATE",
];
/// What a file says that takes away what no code of the version before it reads or writes any more.
const IS_CONTRACTION: &str = "-- contracts:";

/// Why code of before could not go on after it, where it could not.
fn contraction(sql: &str) -> Option<String> {
    if sql.contains(IS_CONTRACTION) {
        return None;
    }
    let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default().to_uppercase());
    let words = lines.flat_map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    let text = words.collect::<Vec<_>>().join(" ");
    if let Some(found) = CONTRACTIONS.into_iter().find(|words| text.contains(words)) {
        return Some(found.to_owned());
    }
    let clauses = |verb: &'static str| {
        text.split(verb).skip(1).map(|rest| rest.split([';', ',']).next().unwrap_or_default())
    };
    let retyped = clauses("ALTER COLUMN").find(|clause| clause.split(' ').nth(2) == Some("TYPE"));
    // Whoever does not know the column writes rows without it.
    let required = clauses("ADD COLUMN").find(|clause| {
        clause.contains("NOT NULL") && !["DEFAULT", "GENERATED"].iter().any(|given| clause.contains(given))
    });
    retyped.or(required).map(str::to_owned)
}

#[test]
fn migrations_only_expand_unless_they_say_that_they_contract() {
    let mut files = 0;
    for folder in std::fs::read_dir(migrations()).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let found = contraction(&std::fs::read_to_string(&path).unwrap());
            assert_eq!(found, None, "{}: see Upgrades in docs/operations.md", path.display());
            files += 1;
        }
    }
    assert!(files > SERVICES.len());
}

#[test]
fn what_code_of_before_could_not_bear_is_found() {
    for sql in [
        "ALTER TABLE videos DROP COLUMN title;",
        "ALTER TABLE videos RENAME title TO name;",
        "ALTER TABLE videos\n    ALTER COLUMN title  SET NOT NULL;",
        "ALTER TABLE videos ALTER COLUMN views TYPE bigint;",
        "ALTER TABLE videos ADD COLUMN a int, ADD COLUMN b text NOT NULL;",
        "DROP TABLE videos;",
    ] {
        assert!(contraction(sql).is_some(), "{sql}");
        assert_eq!(contraction(&format!("-- contracts: nothing reads it since 0.2\n{sql}")), None);
    }
    for sql in [
        "-- DROP TABLE videos;\nCREATE TABLE things (type text NOT NULL);",
        "ALTER TABLE videos ADD COLUMN b text NOT NULL DEFAULT '', ALTER COLUMN c DROP NOT NULL;",
    ] {
        assert_eq!(contraction(sql), None, "{sql}");
    }
}
