//! A device that was let in gets its tokens, also when the answer to it fails or is lost.

use crate::common::{PASSWORD, signed_in};
use auth_storage::{DeviceSession, Poll, TokenHash, poll_device};
use auth_tests::app::App;
use auth_tests::{Reply, Stand};
use mcsp_bridge_api::redis::{Operation, Reply as RedisReply};
use mcsp_testbed::new_id;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// How long a code gives again what it gave.
const GIVEN_AGAIN_S: i64 = 60;

/// A device that was let in: its code.
async fn let_in(stand: &Stand, app: &App<'_>) -> Value {
    let device = app.post("/oauth/device_authorization", &[("scope", "openid playback.start")]).await.json;
    let (email, _) = signed_in(stand).await;
    let browser = stand.browser();
    let path = format!("/oauth/device?user_code={}", device["user_code"].as_str().unwrap());
    let page = browser.sign_in(&path, &email, PASSWORD).await;
    let done = browser.submit(&page, &[("step", "allow")]).await;
    assert!(done.text.contains("Connected"), "{}", done.text);
    device["device_code"].clone()
}

fn digest(code: &Value) -> TokenHash {
    Sha256::digest(code.as_str().unwrap()).into()
}

/// Where Redis has the device.
fn key(code: &Value) -> String {
    let hex: String = digest(code).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("auth:device:{hex}")
}

async fn redis(stand: &Stand, words: Vec<Vec<u8>>) -> RedisReply {
    stand.bed.bridge("auth-oauth").pipeline(vec![Operation::Command(words)]).await.unwrap().pop().unwrap()
}

/// How long Redis will still have the device.
async fn seconds_left(stand: &Stand, code: &Value) -> i64 {
    match redis(stand, ["TTL", &key(code)].map(|word| word.as_bytes().to_vec()).into()).await {
        RedisReply::Integer(seconds) => seconds,
        other => panic!("{other:?}"),
    }
}

/// Asks as soon as it may: how long it has to wait is real time.
async fn ask_again(stand: &Stand, app: &App<'_>, code: &Value) -> Reply {
    let words = ["HDEL", &key(code), "polled_ms"].map(|word| word.as_bytes().to_vec());
    redis(stand, words.into()).await;
    app.poll(code).await
}

/// The session and the first refresh token that it gave.
#[track_caller]
fn given(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.json);
    assert_eq!(reply.json["scope"], "openid playback.start");
    reply.json["refresh_token"].clone()
}

#[track_caller]
fn refused(reply: &Reply, error: &str) {
    assert_eq!((reply.status, &reply.json["error"]), (400, &json!(error)), "{}", reply.json);
}

/// Beside those of the person.
async fn sessions_of_devices(stand: &Stand) -> i64 {
    let which = "SELECT count(*) FROM refresh_families WHERE client_id IS NOT NULL";
    stand.bed.ask(which).await
}

#[tokio::test]
async fn a_device_whose_session_can_not_be_stored_gets_its_tokens_later() {
    let stand = Stand::new().await;
    let app = stand.app(json!({})).await;
    let code = let_in(&stand, &app).await;
    // The last of what is written: everything before it works.
    stand.bed.redefine("ALTER TABLE refresh_families RENAME TO elsewhere").await;
    let failed = app.poll(&code).await;
    assert!(failed.status >= 500, "{}", failed.json);
    stand.bed.redefine("ALTER TABLE elsewhere RENAME TO refresh_families").await;
    let token = given(&ask_again(&stand, &app, &code).await);
    assert_eq!(app.refresh(&token).await.status, 200);
    assert_eq!(sessions_of_devices(&stand).await, 1);
    refused(&ask_again(&stand, &app, &code).await, "invalid_grant");
    refused(&ask_again(&stand, &app, &code).await, "expired_token");
}

#[tokio::test]
async fn a_device_that_asks_twice_has_one_session() {
    let stand = Stand::new().await;
    let app = stand.app(json!({})).await;
    let code = let_in(&stand, &app).await;
    // Asked for by a component that then went away.
    let ids = DeviceSession { session: new_id(), family: new_id() };
    let bridge = stand.bed.bridge("auth-oauth");
    let asked = poll_device(&*bridge, digest(&code), app.id.parse().unwrap(), ids).await.unwrap();
    assert!(matches!(asked, Poll::Approved(let_in) if let_in.ids == ids && !let_in.is_begun));
    assert!(seconds_left(&stand, &code).await > GIVEN_AGAIN_S, "who was let in stays so");
    let first = given(&ask_again(&stand, &app, &code).await);
    let stored: String =
        stand.bed.ask("SELECT id::text FROM refresh_families WHERE client_id IS NOT NULL").await;
    assert_eq!(stored, ids.family.uuid().to_string());
    // As if the answer was lost.
    assert_eq!(given(&ask_again(&stand, &app, &code).await), first);
    assert!(seconds_left(&stand, &code).await <= GIVEN_AGAIN_S);
    assert_eq!(sessions_of_devices(&stand).await, 1);
    // Who has used what it was given gets nothing by the code any more, and loses nothing.
    let second = app.refresh(&first).await;
    assert_eq!(second.status, 200, "{}", second.json);
    refused(&ask_again(&stand, &app, &code).await, "invalid_grant");
    assert_eq!(app.refresh(&second.json["refresh_token"]).await.status, 200);
    refused(&ask_again(&stand, &app, &code).await, "expired_token");
}

#[tokio::test]
async fn a_device_that_has_its_tokens_although_redis_has_not_heard_of_it_has_one_session() {
    let stand = Stand::new().await;
    let app = stand.app(json!({})).await;
    let code = let_in(&stand, &app).await;
    let first = given(&ask_again(&stand, &app, &code).await);
    redis(&stand, ["HDEL", &key(&code), "begun"].map(|word| word.as_bytes().to_vec()).into()).await;
    assert_eq!(given(&ask_again(&stand, &app, &code).await), first);
    assert_eq!(sessions_of_devices(&stand).await, 1);
}

#[tokio::test]
async fn a_device_that_its_owner_signs_out_does_not_begin_again() {
    let stand = Stand::new().await;
    let app = stand.app(json!({})).await;
    let code = let_in(&stand, &app).await;
    given(&ask_again(&stand, &app, &code).await);
    let of_devices = "DELETE FROM sessions WHERE id IN (SELECT session_id FROM refresh_families WHERE client_id IS NOT NULL)";
    stand.bed.execute(of_devices).await;
    refused(&ask_again(&stand, &app, &code).await, "invalid_grant");
    assert_eq!(sessions_of_devices(&stand).await, 0);
    refused(&ask_again(&stand, &app, &code).await, "expired_token");
}
