//! A closed account that is suspended beside: it stays closed, and is erased when its time has come.

use auth_tests::Stand;
use mcsp_bridge_api::postgres::{TransactError, Transaction};
use mcsp_bridge_api::sql::sql;
use mcsp_testbed::unique;
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";
const DAY_S: i64 = 24 * 60 * 60;
const STATE: &str = "SELECT state || ' ' || (closed_since IS NOT NULL) FROM accounts";

/// Registers, signs in, closes, and is suspended. Gives the address and the id.
async fn closed_and_suspended(stand: &Stand) -> (String, String) {
    let email = format!("ada-{}@example.com", unique());
    let id = stand.register(&email, PASSWORD).await.json["id"].as_str().unwrap().to_owned();
    let token = stand.sign_in(&email, PASSWORD).await.json["access_token"].clone();
    let closed = stand.send("DELETE", "/v1/accounts/me", Some(&token), Value::Null).await;
    assert_eq!(closed.status, 200, "{}", closed.json);
    decide(stand, &id, 1, true).await;
    assert_eq!(stand.bed.ask::<String>(STATE).await, "suspended true");
    (email, id)
}

async fn decide(stand: &Stand, id: &str, version: i64, suspended: bool) {
    let kind = if suspended { "mcsp.admin.account.suspended.v1" } else { "mcsp.admin.account.reinstated.v1" };
    let data = json!({"user_id": id, "version": version, "suspended": suspended});
    assert_eq!(stand.decisions.deliver(&format!("decision-{version}"), kind, &data).await.status, 204);
}

async fn reopen(stand: &Stand, email: &str) -> (u16, String) {
    let body = json!({"email": email, "password": PASSWORD, "reopen": true});
    let reply = stand.send("POST", "/v1/sessions", None, body).await;
    (reply.status, reply.code().to_owned())
}

/// What the last event of an account says that it is.
async fn told(stand: &Stand, id: &str) -> (String, Value) {
    let last = stand.bed.emitted(id).await.pop().unwrap();
    (last.kind, last.data["state"].clone())
}

#[tokio::test]
async fn a_closed_account_that_is_reinstated_is_closed_as_before() {
    let stand = Stand::new().await;
    let (email, id) = closed_and_suspended(&stand).await;
    assert_eq!(told(&stand, &id).await, ("mcsp.auth.account.suspended.v1".to_owned(), json!("suspended")));
    assert_eq!(reopen(&stand, &email).await, (403, "account_suspended".to_owned()));
    stand.bed.pass(10 * DAY_S);
    decide(&stand, &id, 2, false).await;
    assert_eq!(stand.bed.ask::<String>(STATE).await, "closed false");
    assert_eq!(told(&stand, &id).await, ("mcsp.auth.account.reinstated.v1".to_owned(), json!("closed")));
    assert_eq!(stand.sign_in(&email, PASSWORD).await.code(), "account_closed");
    assert_eq!(reopen(&stand, &email).await, (201, String::new()));
    // From then on it is suspended as any other.
    decide(&stand, &id, 3, true).await;
    assert_eq!(stand.bed.ask::<String>(STATE).await, "suspended false");
    decide(&stand, &id, 4, false).await;
    assert_eq!(stand.bed.ask::<String>(STATE).await, "active false");
}

#[tokio::test]
async fn a_closed_account_is_erased_in_time_although_it_is_suspended() {
    let stand = Stand::new().await;
    let (email, id) = closed_and_suspended(&stand).await;
    stand.bed.pass(30 * DAY_S - 60);
    assert_eq!(stand.deliver_timers().await, [409]);
    stand.bed.pass(60);
    for _ in 0..2 {
        assert_eq!(stand.deliver_timers().await, [204]);
    }
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM accounts").await, 0);
    assert_eq!(told(&stand, &id).await, ("mcsp.auth.account.erased.v1".to_owned(), json!("erased")));
    assert_eq!(stand.sign_in(&email, PASSWORD).await.code(), "wrong_credentials");
}

#[tokio::test]
async fn a_suspension_in_between_does_not_put_the_erasure_off() {
    let stand = Stand::new().await;
    let (email, id) = closed_and_suspended(&stand).await;
    stand.bed.pass(20 * DAY_S);
    decide(&stand, &id, 2, false).await;
    stand.bed.pass(10 * DAY_S);
    assert_eq!(reopen(&stand, &email).await, (403, "account_closed".to_owned()));
    assert_eq!(stand.deliver_timers().await, [204]);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM accounts").await, 0);
}

#[tokio::test]
async fn a_suspended_account_that_was_not_closed_is_not_erased() {
    let stand = Stand::new().await;
    let (_, id) = closed_and_suspended(&stand).await;
    stand.bed.execute("UPDATE accounts SET closed_since = NULL").await;
    stand.bed.pass(31 * DAY_S);
    assert_eq!(stand.deliver_timers().await, [204]);
    assert_eq!(told(&stand, &id).await.0, "mcsp.auth.account.suspended.v1");
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM accounts").await, 1);
}

#[tokio::test]
async fn who_knows_nothing_of_it_does_not_leave_it_to_an_account_that_is_suspended_no_more() {
    let stand = Stand::new().await;
    closed_and_suspended(&stand).await;
    let as_before = sql("UPDATE accounts SET state = 'active', version = version + 1").expecting(1);
    let refused = stand.bed.bridge("auth-decisions").transact(Transaction::of(vec![as_before])).await;
    let Err(TransactError::ConstraintViolated(violation)) = refused else { panic!("{refused:?}") };
    assert_eq!(violation.constraint, "accounts_closed_since");
}
