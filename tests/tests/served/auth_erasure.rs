//! `DELETE /v1/accounts/me`: taken back within 30 days, erased after them, in every store. The clock is moved by moving
//! what is stored of it.

use futures::future::join_all;
use mcsp_tests::{Account, Platform, events_of, eventually, nth_mail, postgres, titled_video};
use redis::AsyncCommands;
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor};
use uuid::Uuid;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/test"))
}

/// Lets 31 days pass for a closed account.
async fn a_month_passes(account: &Account) {
    let mut postgres = postgres().await;
    let id: mcsp_ids::UserId = account.user_id.parse().expect("a user id");
    let earlier = format!(
        "UPDATE auth.accounts SET state_since = state_since - interval '31 days' WHERE id = '{}'; \
         UPDATE auth.timers SET due_at = due_at - interval '31 days', ready_at = ready_at - interval '31 days' \
         WHERE key = '{id}'",
        id.uuid()
    );
    postgres.execute(sqlx::raw_sql(AssertSqlSafe(earlier))).await.expect("rows of ours");
}

/// Every table of every schema whose rows hold the text, as it is or in octets.
async fn tables_with(text: &str) -> Vec<String> {
    let mut postgres = postgres().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&mut postgres)
    .await
    .expect("the tables");
    assert!(tables.len() > 20, "{tables:?}");
    let octets: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut found = Vec::new();
    for table in tables {
        let look = format!(
            "SELECT count(*) FROM {table} t WHERE strpos(t::text, '{text}') > 0 OR strpos(t::text, '{octets}') > 0"
        );
        let rows: i64 =
            sqlx::query_scalar(AssertSqlSafe(look)).fetch_one(&mut postgres).await.expect("a count");
        if rows > 0 {
            found.push(table);
        }
    }
    found
}

/// Every key of Redis whose name or value holds the text.
async fn keys_with(text: &str) -> Vec<String> {
    let client = redis::Client::open(variable("MCSP_TEST_REDIS_URL")).expect("a URL");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis");
    let keys: Vec<String> = {
        let mut names = Vec::new();
        let mut scan = connection.scan::<String>().await.expect("keys");
        while let Some(name) = scan.next_item().await {
            names.push(name.expect("a key"));
        }
        names
    };
    let mut found = Vec::new();
    for key in keys {
        let kind: String = redis::cmd("TYPE").arg(&key).query_async(&mut connection).await.expect("a type");
        let read = match kind.as_str() {
            "string" => redis::cmd("GET").arg(&key).to_owned(),
            "hash" => redis::cmd("HGETALL").arg(&key).to_owned(),
            "zset" => redis::cmd("ZRANGE").arg(&key).arg(0).arg(-1).to_owned(),
            "list" => redis::cmd("LRANGE").arg(&key).arg(0).arg(-1).to_owned(),
            "set" => redis::cmd("SMEMBERS").arg(&key).to_owned(),
            // It ended since.
            _ => continue,
        };
        let value: redis::Value = read.query_async(&mut connection).await.expect("a value");
        if key.contains(text) || holds(&value, text) {
            found.push(key);
        }
    }
    found
}

fn holds(value: &redis::Value, text: &str) -> bool {
    match value {
        redis::Value::BulkString(bytes) => String::from_utf8_lossy(bytes).contains(text),
        redis::Value::SimpleString(string) => string.contains(text),
        redis::Value::Array(values) | redis::Value::Set(values) => {
            values.iter().any(|value| holds(value, text))
        }
        redis::Value::Map(pairs) => pairs.iter().any(|(key, value)| holds(key, text) || holds(value, text)),
        _ => false,
    }
}

/// Every topic with an event that holds the text; and how many events were read.
async fn topics_with(text: &str) -> (Vec<String>, usize) {
    let brokers = variable("MCSP_TEST_KAFKA_BROKERS");
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../spin.toml");
    let manifest = mcsp_manifest::Manifest::load(manifest.as_ref()).expect("spin.toml");
    let topics: Vec<String> = manifest.topics().into_iter().collect();
    // All at once: of most the end is found by waiting.
    let read = join_all(topics.iter().map(|topic| events_with(text, &brokers, topic))).await;
    let found = topics.iter().zip(&read).filter(|(_, (found, _))| *found > 0);
    (found.map(|(topic, _)| topic.clone()).collect(), read.iter().map(|(_, read)| read).sum())
}

/// How many events of a topic hold the text; and how many were read.
async fn events_with(text: &str, brokers: &str, topic: &str) -> (usize, usize) {
    let events: Vec<_> = events_of(brokers, topic).await.into_iter().flatten().collect();
    let found = events.iter().filter(|event| {
        format!("{event:?}").contains(text) || String::from_utf8_lossy(&event.data).contains(text)
    });
    (found.count(), events.len())
}

#[tokio::test]
async fn a_closed_account_is_taken_back_by_signing_in_and_stays() {
    let account = Platform::running().account("viewer").await;
    let credentials = json!({"email": account.email, "password": account.password});
    let closed = account.delete("/v1/accounts/me").await.expect(200);
    assert_eq!(closed["state"], "closed");
    let platform = &account.platform;
    platform.post("/v1/sessions", &credentials).await.refused(403, "account_closed");
    nth_mail(&account.email, "closed", 1).await;
    let reopen = json!({"email": account.email, "password": account.password, "reopen": true});
    let token = platform.post("/v1/sessions", &reopen).await.expect(201)["access_token"].clone();
    let back = Account { token: token.as_str().expect("a token").to_owned(), ..account.clone() };
    assert_eq!(back.get("/v1/accounts/me").await.expect(200)["state"], "active");
    platform.post("/v1/sessions", &credentials).await.expect(201);
}

#[tokio::test]
async fn of_an_erased_account_nothing_readable_is_left_in_any_table_topic_or_key() {
    let account = Platform::running().account("creator").await;
    let (_, title) = titled_video(&account).await;
    let file = format!("holiday-{}.mp4", Uuid::new_v4().simple());
    let upload = json!({"file_name": file, "content_type": "video/mp4", "size_bytes": 64});
    account.post("/v1/uploads", &upload).await.expect(201);
    let name = account.email.split('@').next().expect("a local part").to_owned();
    account.platform.post("/v1/accounts/recovery", &json!({"email": account.email})).await.expect(202);
    account.platform.post("/v1/sessions", &json!({"email": account.email, "password": "wrong"})).await;
    let wanted = format!("new-{name}@example.com");
    account.patch("/v1/accounts/me", &json!({"email": wanted}), None).await.expect(200);
    nth_mail(&wanted, "email_change", 1).await;
    assert_eq!(
        tables_with(&name).await,
        ["auth.accounts"],
        "what is searched for is found while it is there"
    );
    assert!(tables_with(&title).await.contains(&"content.videos".to_owned()));
    assert!(tables_with(&file).await.contains(&"upload.uploads".to_owned()));

    account.delete("/v1/accounts/me").await.expect(200);
    a_month_passes(&account).await;
    let gone = json!({"email": account.email, "password": account.password, "reopen": true});
    eventually("the account is erased", async || {
        let answer = account.platform.post("/v1/sessions", &gone).await;
        (answer.json["code"] == "wrong_credentials").then_some(())
    })
    .await;
    eventually("Content has forgotten what was said of the video", async || {
        tables_with(&title).await.is_empty().then_some(())
    })
    .await;
    // The answer of the request that made it is kept for repetitions, for a day.
    eventually("Upload has forgotten the file", async || {
        tables_with(&file).await.iter().all(|table| table == "upload.idempotency_keys").then_some(())
    })
    .await;
    assert_eq!(tables_with(&name).await, Vec::<String>::new());
    assert_eq!(keys_with(&name).await, Vec::<String>::new());
    let (topics, read) = topics_with(&name).await;
    assert_eq!(topics, Vec::<String>::new());
    assert!(read > 3, "{read} events were read");
}
