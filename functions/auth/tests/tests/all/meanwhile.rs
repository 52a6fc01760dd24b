//! Two that come at the same moment: a device and a recovery, a registration and a confirmation of one address.

use crate::common::{PASSWORD, code_of, signed_in, text};
use auth_storage::{end_all, set_password};
use auth_tests::Stand;
use mcsp_bridge_api::postgres::Transaction;
use mcsp_ids::UserId;
use mcsp_testbed::unique;
use serde_json::json;

#[tokio::test]
async fn a_device_that_begins_while_its_owner_recovers_the_account_is_signed_out() {
    let stand = Stand::new().await;
    let app = stand.app(json!({})).await;
    let (email, session) = signed_in(&stand).await;
    let user: UserId = text(&session["user_id"]).parse().unwrap();
    let device = app.post("/oauth/device_authorization", &[("scope", "openid playback.start")]).await.json;
    let browser = stand.browser();
    let path = format!("/oauth/device?user_code={}", text(&device["user_code"]));
    let page = browser.sign_in(&path, &email, PASSWORD).await;
    browser.submit(&page, &[("step", "allow")]).await;
    // As a recovery begins, but for the time that hashing takes.
    let recovery = vec![set_password(user, "another", None, stand.bed.now()), end_all(user, None)];
    let bridge = stand.bed.bridge("auth-accounts");
    // What a device has of its client is the last that is stored of its session.
    let held = stand.bed.hold("SELECT id FROM clients FOR UPDATE").await;
    let (polled, recovered) = tokio::join!(app.poll(&device["device_code"]), async {
        stand.bed.until_waiting(1, "true").await;
        let (recovered, ()) = tokio::join!(bridge.transact(Transaction::of(recovery)), async {
            stand.bed.until_waiting(2, "true").await;
            held.release().await;
        });
        recovered
    });
    assert_eq!(polled.status, 200, "{}", polled.json);
    recovered.unwrap();
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM sessions").await, 0);
    assert_eq!(app.refresh(&polled.json["refresh_token"]).await.status, 400);
}

#[tokio::test]
async fn of_who_registers_an_address_and_who_confirms_it_one_waits_for_the_other() {
    let stand = Stand::new().await;
    let wanted = format!("ada-{}@example.org", unique());
    let (_, session) = signed_in(&stand).await;
    let asked = stand
        .send("PATCH", "/v1/accounts/me", Some(&session["access_token"]), json!({ "email": wanted }))
        .await;
    assert_eq!(asked.status, 200, "{}", asked.json);
    let token = json!({"token": stand.newest_mail(&wanted).await.token()});
    let address = format!("SELECT pg_advisory_xact_lock(hashtextextended('address {wanted}', 0))");
    let held = stand.bed.hold(&address).await;
    let confirming = stand.send("POST", "/v1/accounts/verification/confirmation", None, token);
    let (registered, confirmed, ()) = tokio::join!(stand.register(&wanted, PASSWORD), confirming, async {
        stand.bed.until_waiting(2, "locktype = 'advisory'").await;
        held.release().await;
    });
    assert_eq!(registered.status, 201, "whoever has it: {}", registered.json);
    let registrations: i64 = stand.bed.ask("SELECT count(*) - 1 FROM accounts").await;
    match registrations {
        0 => assert_eq!(confirmed.status, 204, "{}", confirmed.json),
        _ => assert_eq!(code_of(&confirmed), (400, "unusable_mail_token")),
    }
}
