//! What administrators decide on accounts, by Kafka as the Admin service will tell it.

use jiff::Timestamp;
use mcsp_bridge_api::kafka::Event;
use mcsp_kafka::{KafkaConfig, Producer};
use mcsp_tests::{Account, Platform, eventually};
use serde_json::json;
use uuid::Uuid;

async fn decide(account: &Account, version: i64, suspended: bool) {
    let brokers =
        std::env::var("MCSP_TEST_KAFKA_BROKERS").expect("MCSP_TEST_KAFKA_BROKERS: run scripts/test");
    let verb = if suspended { "suspended" } else { "reinstated" };
    let data = json!({"user_id": account.user_id, "version": version, "suspended": suspended});
    let event = Event {
        topic: "admin.decision.made".into(),
        key: account.user_id.clone(),
        id: Uuid::new_v4().to_string(),
        type_: format!("mcsp.admin.account.{verb}.v1"),
        source: "/mcsp/admin".into(),
        time_us: Timestamp::now().as_microsecond(),
        traceparent: None,
        data: data.to_string().into_bytes(),
    };
    let producer = Producer::new(&KafkaConfig::new(&brokers)).expect("a producer");
    producer.enqueue(&event).expect("room").settle().await.expect("Kafka takes it");
}

#[tokio::test]
async fn a_suspended_account_gets_no_token_until_it_is_reinstated() {
    let account = Platform::running().account("creator").await;
    let credentials = json!({"email": account.email, "password": account.password});
    let sign_in = async || account.platform.post("/v1/sessions", &credentials).await;
    decide(&account, 1, true).await;
    eventually("the suspension is known", async || {
        (sign_in().await.json["code"] == "account_suspended").then_some(())
    })
    .await;
    // A token that is out is good to whoever verifies it without a call, until it expires.
    account.get("/v1/videos").await.expect(200);
    let check = account.post("/v1/permissions/check", &json!({"permissions": ["content.edit"]})).await;
    assert_eq!(check.expect(200)["results"][0]["allowed"], false);
    decide(&account, 2, false).await;
    eventually("the account is reinstated", async || (sign_in().await.status.as_u16() == 201).then_some(()))
        .await;
}
