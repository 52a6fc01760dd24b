//! Closing an account: what is left of it at once, and after 30 days.

use auth_tests::Stand;
use mcsp_testbed::unique;
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";
const DAY_S: i64 = 24 * 60 * 60;
const TIMERS: &str = "SELECT count(*) FROM timers";
const ACCOUNTS: &str = "SELECT count(*) FROM accounts";

fn unused_email() -> String {
    format!("ada-{}@example.com", unique())
}

/// Registers, signs in and closes. Gives the address and the id.
async fn closed(stand: &Stand) -> (String, String) {
    let email = unused_email();
    let id = stand.register(&email, PASSWORD).await.json["id"].as_str().unwrap().to_owned();
    let token = stand.sign_in(&email, PASSWORD).await.json["access_token"].clone();
    let reply = stand.send("DELETE", "/v1/accounts/me", Some(&token), Value::Null).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    assert_eq!(reply.json["state"], "closed");
    let again = stand.send("DELETE", "/v1/accounts/me", Some(&token), Value::Null).await;
    assert_eq!((again.status, again.code()), (409, "account_not_active"));
    (email, id)
}

#[tokio::test]
async fn a_closed_account_is_signed_out_and_is_told_of_by_mail_and_by_event() {
    let stand = Stand::new().await;
    let (email, id) = closed(&stand).await;
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM sessions").await, 0);
    let told = stand.bed.emitted(&id).await.pop().unwrap();
    assert_eq!(told.kind, "mcsp.auth.account.closed.v1");
    assert_eq!((&told.data["state"], &told.data["version"]), (&json!("closed"), &json!(2)));
    assert_eq!(stand.newest_mail(&email).await.category, "closed");
    let refused = stand.sign_in(&email, PASSWORD).await;
    assert_eq!((refused.status, refused.code()), (403, "account_closed"));
}

#[tokio::test]
async fn a_closed_account_is_erased_after_30_days_once_and_not_a_second_earlier() {
    let stand = Stand::new().await;
    let (email, id) = closed(&stand).await;
    stand.bed.pass(30 * DAY_S - 60);
    assert_eq!(stand.deliver_timers().await, [409]);
    stand.bed.pass(60);
    for _ in 0..2 {
        assert_eq!(stand.deliver_timers().await, [204]);
    }
    for table in ["accounts", "passwords", "sessions", "mails"] {
        assert_eq!(stand.bed.ask::<i64>(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    let events = stand.bed.emitted(&id).await;
    let erased: Vec<_> = events.iter().filter(|event| event.kind == "mcsp.auth.account.erased.v1").collect();
    assert_eq!(erased.len(), 1);
    assert_eq!((&erased[0].data["state"], &erased[0].data["version"]), (&json!("erased"), &json!(3)));
    assert_eq!(stand.sign_in(&email, PASSWORD).await.code(), "wrong_credentials");
    assert_eq!(stand.register(&email, PASSWORD).await.status, 201, "the address is free again");
    assert_eq!(stand.bed.ask::<i64>(ACCOUNTS).await, 1);
}

#[tokio::test]
async fn an_account_that_was_taken_back_is_not_erased_whatever_the_timer_says() {
    let stand = Stand::new().await;
    let (_, id) = closed(&stand).await;
    stand.bed.pass(31 * DAY_S);
    stand.bed.execute("UPDATE accounts SET state = 'active', version = version + 1").await;
    assert_eq!(stand.deliver_timers().await, [204]);
    assert_eq!(stand.bed.ask::<i64>(ACCOUNTS).await, 1);
    assert_eq!(stand.bed.emitted(&id).await.last().unwrap().kind, "mcsp.auth.account.closed.v1");
    assert_eq!(stand.bed.ask::<i64>(TIMERS).await, 1, "the bridge removes it");
}
