//! The device grant (RFC 8628), introspection and revocation.

use auth_tests::app::App;
use auth_tests::browser::{Browser, answer};
use auth_tests::{Reply, Stand};
use mcsp_bridge_api::redis::{self, Operation};
use mcsp_testbed::unique;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const PASSWORD: &str = "correct horse";
/// As the answer says.
const INTERVAL_MS: i64 = 5_000;
/// How often a device asks too soon: it then waits so long that no machine is as slow.
const TOO_SOON: i64 = 12;

async fn registered(stand: &Stand) -> String {
    let email = format!("ada-{}@example.com", unique());
    stand.register(&email, PASSWORD).await;
    email
}

async fn waiting(app: &App<'_>) -> Value {
    let reply = app.post("/oauth/device_authorization", &[("scope", "openid playback.start")]).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    reply.json
}

/// A browser on the page that asks whether the device is let in.
async fn asked<'a>(stand: &'a Stand, device: &Value, email: &str) -> (Browser<'a>, Reply) {
    let browser = stand.browser();
    let path = format!("/oauth/device?user_code={}", device["user_code"].as_str().unwrap());
    let page = browser.sign_in(&path, email, PASSWORD).await;
    assert!(page.text.contains("Connect a device?"), "{}", page.text);
    (browser, page)
}

/// Moves the time at which a device asked last, which Redis tells by its own clock.
async fn asked_later(stand: &Stand, device: &Value, by_ms: i64) {
    let digest = Sha256::digest(device["device_code"].as_str().unwrap());
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let (key, by_ms) = (format!("auth:device:{digits}"), by_ms.to_string());
    let words = ["HINCRBY", &key, "polled_ms", &by_ms].map(|word| word.as_bytes().to_vec()).into();
    let moved = stand.bed.bridge("auth-oauth").pipeline(vec![Operation::Command(words)]).await.unwrap();
    assert!(matches!(moved[..], [redis::Reply::Integer(_)]), "{moved:?}");
}

#[track_caller]
fn refused(reply: &Reply, error: &str) {
    assert_eq!((reply.status, &reply.json["error"]), (400, &json!(error)), "{}", reply.json);
}

#[tokio::test]
async fn a_tv_is_let_in_and_gets_a_session_of_its_own() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    let device = waiting(&app).await;
    assert_eq!((&device["expires_in"], &device["interval"]), (&json!(600), &json!(5)));
    assert_eq!(device["verification_uri"], "http://auth.example/oauth/device");
    refused(&app.poll(&device["device_code"]).await, "authorization_pending");
    let (browser, page) = asked(&stand, &device, &email).await;
    assert!(page.text.contains(device["user_code"].as_str().unwrap()));
    let done = browser.submit(&page, &[("step", "allow")]).await;
    assert!(done.text.contains("Connected"), "{}", done.text);
    // Polled a moment ago: the TV has to wait for its interval.
    asked_later(&stand, &device, -INTERVAL_MS).await;
    let granted = app.poll(&device["device_code"]).await;
    assert_eq!(granted.status, 200, "{}", granted.json);
    assert_eq!(granted.json["scope"], "openid playback.start");
    assert!(granted.json["id_token"].is_string());
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM sessions").await, 2);
    assert_eq!(app.refresh(&granted.json["refresh_token"]).await.status, 200);
    asked_later(&stand, &device, -INTERVAL_MS).await;
    refused(&app.poll(&device["device_code"]).await, "invalid_grant");
    refused(&app.poll(&device["device_code"]).await, "expired_token");
}

#[tokio::test]
async fn a_device_that_asks_too_often_is_slowed_down() {
    let stand = Stand::new().await;
    let app = stand.app(json!({})).await;
    let device = waiting(&app).await;
    refused(&app.poll(&device["device_code"]).await, "authorization_pending");
    for _ in 0..TOO_SOON {
        // However slow the machine is, the last question was a moment ago.
        asked_later(&stand, &device, INTERVAL_MS).await;
        refused(&app.poll(&device["device_code"]).await, "slow_down");
    }
    // It would have been enough before.
    asked_later(&stand, &device, -INTERVAL_MS).await;
    refused(&app.poll(&device["device_code"]).await, "slow_down");
    asked_later(&stand, &device, -INTERVAL_MS * (TOO_SOON + 2)).await;
    refused(&app.poll(&device["device_code"]).await, "authorization_pending");
}

#[tokio::test]
async fn a_device_that_is_refused_is_told_so_once() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    let device = waiting(&app).await;
    let (browser, page) = asked(&stand, &device, &email).await;
    assert!(browser.submit(&page, &[("step", "deny")]).await.text.contains("Not connected"));
    // A decision is made once.
    assert_eq!(browser.submit(&page, &[("step", "allow")]).await.status, 404);
    refused(&app.poll(&device["device_code"]).await, "access_denied");
    refused(&app.poll(&device["device_code"]).await, "expired_token");
}

#[tokio::test]
async fn a_device_code_is_of_use_to_its_own_client_only() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    let other = stand.app(json!({})).await;
    let device = waiting(&app).await;
    let (browser, page) = asked(&stand, &device, &email).await;
    browser.submit(&page, &[("step", "allow")]).await;
    refused(&other.poll(&device["device_code"]).await, "expired_token");
    assert_eq!(app.poll(&device["device_code"]).await.status, 200);
}

#[tokio::test]
async fn who_signs_out_before_the_device_asks_takes_the_approval_back() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    let device = waiting(&app).await;
    let (browser, page) = asked(&stand, &device, &email).await;
    browser.submit(&page, &[("step", "allow")]).await;
    stand.bed.execute("DELETE FROM sessions").await;
    refused(&app.poll(&device["device_code"]).await, "invalid_grant");
}

#[tokio::test]
async fn guessing_user_codes_is_slow() {
    let stand = Stand::new().await;
    let email = registered(&stand).await;
    let browser = stand.browser();
    browser.sign_in("/oauth/device", &email, PASSWORD).await;
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(browser.open("/oauth/device?user_code=BBBB-BBBB").await.status);
    }
    assert_eq!(statuses[..20], [404; 20]);
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[tokio::test]
async fn nobody_fills_redis_with_devices_that_wait() {
    let stand = Stand::new().await;
    let app = stand.app(json!({})).await;
    let mut statuses = Vec::new();
    for _ in 0..70 {
        statuses.push(app.post("/oauth/device_authorization", &[]).await.status);
    }
    assert_eq!(statuses[..60], [200; 60]);
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[tokio::test]
async fn introspection_knows_at_once_what_a_signature_does_not() {
    let stand = Stand::new().await;
    let email = registered(&stand).await;
    let app = stand.app(json!({"first_party": true})).await;
    let grants = json!(["client_credentials"]);
    let server =
        json!({"kind": "confidential", "first_party": true, "grant_types": grants, "redirect_uris": []});
    let server = stand.app(server).await;
    let stranger = json!({"kind": "confidential", "grant_types": grants, "redirect_uris": []});
    let stranger = stand.app(stranger).await;
    let browser = stand.browser();
    let redirect = browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    let granted = app.redeem(&answer(&redirect, "code").unwrap()).await.json;
    let (access, refresh) =
        (granted["access_token"].as_str().unwrap(), granted["refresh_token"].as_str().unwrap());
    let inactive = json!({"active": false});
    for token in [access, refresh] {
        let told = server.post("/oauth/introspect", &[("token", token)]).await.json;
        assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!(app.id)), "{told}");
        assert_eq!(stranger.post("/oauth/introspect", &[("token", token)]).await.json, inactive);
        let public = app.post("/oauth/introspect", &[("token", token)]).await;
        refused(&public, "unauthorized_client");
    }
    for token in ["x", "a.b.c", granted["id_token"].as_str().unwrap()] {
        assert_eq!(server.post("/oauth/introspect", &[("token", token)]).await.json, inactive, "{token}");
    }
    stand.bed.execute("UPDATE accounts SET state = 'suspended'").await;
    for token in [access, refresh] {
        assert_eq!(server.post("/oauth/introspect", &[("token", token)]).await.json, inactive);
    }
    stand.bed.execute("UPDATE accounts SET state = 'active'").await;
    stand.bed.execute("DELETE FROM sessions").await;
    for token in [access, refresh] {
        assert_eq!(server.post("/oauth/introspect", &[("token", token)]).await.json, inactive);
    }
}

#[tokio::test]
async fn a_client_gives_back_what_it_has_with_either_token() {
    let stand = Stand::new().await;
    let email = registered(&stand).await;
    let app = stand.app(json!({"first_party": true})).await;
    let other = stand.app(json!({"first_party": true})).await;
    let browser = stand.browser();
    browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    for kind in ["access_token", "refresh_token"] {
        let redirect = browser.open(&app.request(&[])).await;
        let granted = app.redeem(&answer(&redirect, "code").unwrap()).await.json;
        let form = [("token", granted[kind].as_str().unwrap())];
        assert_eq!(other.post("/oauth/revoke", &form).await.status, 200);
        let renewed = app.refresh(&granted["refresh_token"]).await;
        assert_eq!(renewed.status, 200, "another client revokes nothing");
        assert_eq!(app.post("/oauth/revoke", &form).await.status, 200);
        refused(&app.refresh(&renewed.json["refresh_token"]).await, "invalid_grant");
        assert_eq!(app.post("/oauth/revoke", &form).await.status, 200, "and again");
    }
    assert_eq!(app.post("/oauth/revoke", &[("token", "x")]).await.status, 200);
    refused(&app.post("/oauth/revoke", &[]).await, "invalid_request");
}

#[tokio::test]
async fn a_confidential_client_acts_in_its_own_name_with_its_secret_only() {
    let stand = Stand::new().await;
    let client = json!({
        "kind": "confidential", "grant_types": ["client_credentials"], "redirect_uris": [],
        "scopes": ["openid", "permission.check"],
    });
    let mut server = stand.app(client).await;
    let form = [("grant_type", "client_credentials")];
    let granted = server.token(&form).await;
    assert_eq!(
        (granted.status, &granted.json["scope"]),
        (200, &json!("permission.check")),
        "{}",
        granted.json
    );
    assert!(granted.json.get("refresh_token").is_none() && granted.json.get("id_token").is_none());
    let bearer = format!("Bearer {}", granted.json["access_token"].as_str().unwrap());
    let persons = stand.sessions.send(("GET", "/v1/sessions"), &[("authorization", &bearer)], None).await;
    assert_eq!((persons.status, persons.code()), (403, "user_needed"));
    for scope in ["openid", "content.publish", "nothing"] {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        refused(&server.token(&form).await, "invalid_scope");
    }
    refused(&server.token(&[("grant_type", "authorization_code")]).await, "unauthorized_client");
    refused(&server.token(&[("grant_type", "password")]).await, "unsupported_grant_type");
    refused(&server.token(&[]).await, "invalid_request");
    for secret in [Some("wrong".to_owned()), None] {
        server.secret = secret;
        let refused = server.token(&form).await;
        assert_eq!((refused.status, &refused.json["error"]), (401, &json!("invalid_client")));
        assert!(refused.headers["www-authenticate"].to_str().unwrap().starts_with("Basic "));
    }
    let unknown = stand.post_form("/oauth/token", "grant_type=client_credentials&client_id=x").await;
    assert_eq!((unknown.status, &unknown.json["error"]), (401, &json!("invalid_client")));
}
