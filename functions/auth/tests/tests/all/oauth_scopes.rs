//! What becomes of what a client was given, when it is registered for less.

use crate::common::{PASSWORD, signed_in};
use auth_tests::app::App;
use auth_tests::browser::answer;
use auth_tests::{Reply, Stand};
use serde_json::{Value, json};

/// Registers a client for other scopes.
async fn limit(stand: &Stand, app: &App<'_>, scopes: &[&str]) {
    let path = format!("/v1/clients/{}", app.id);
    let edited = stand.administer(("PATCH", &path), &[], Some(json!({ "scopes": scopes }))).await;
    assert_eq!(edited.status, 200, "{}", edited.json);
}

/// A code of a person who has just signed in.
async fn code(stand: &Stand, app: &App<'_>, scope: &str) -> String {
    let (email, _) = signed_in(stand).await;
    let redirect = stand.browser().sign_in(&app.request(&[("scope", scope)]), &email, PASSWORD).await;
    answer(&redirect, "code").unwrap()
}

async fn refresh_for(app: &App<'_>, token: &Value, scope: &str) -> Reply {
    let token = token.as_str().unwrap();
    app.token(&[("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)]).await
}

#[track_caller]
fn given(reply: &Reply, scope: &str) -> Value {
    assert_eq!((reply.status, &reply.json["scope"]), (200, &json!(scope)), "{}", reply.json);
    reply.json["refresh_token"].clone()
}

#[track_caller]
fn refused(reply: &Reply, error: &str) {
    assert_eq!((reply.status, &reply.json["error"]), (400, &json!(error)), "{}", reply.json);
}

#[tokio::test]
async fn a_client_that_is_registered_for_less_gets_less_by_its_refresh_tokens() {
    let stand = Stand::new().await;
    let app = stand.app(json!({"first_party": true})).await;
    let granted = app.redeem(&code(&stand, &app, "openid playback.start").await).await;
    let token = given(&granted, "openid playback.start");
    limit(&stand, &app, &["openid", "email"]).await;
    let token = given(&app.refresh(&token).await, "openid");
    // What is refused does not cost the token.
    refused(&refresh_for(&app, &token, "playback.start").await, "invalid_scope");
    refused(&refresh_for(&app, &token, "openid email").await, "invalid_scope");
    let token = given(&refresh_for(&app, &token, "openid").await, "openid");
    limit(&stand, &app, &["openid", "playback.start"]).await;
    let token = given(&app.refresh(&token).await, "openid playback.start");
    limit(&stand, &app, &["email"]).await;
    refused(&refresh_for(&app, &token, "openid").await, "invalid_grant");
    refused(&app.refresh(&token).await, "invalid_grant");
}

#[tokio::test]
async fn a_code_gives_what_the_client_is_registered_for_when_it_is_redeemed() {
    let stand = Stand::new().await;
    let app = stand.app(json!({"first_party": true})).await;
    let (some, none) =
        (code(&stand, &app, "openid playback.start").await, code(&stand, &app, "playback.start").await);
    limit(&stand, &app, &["openid", "email"]).await;
    let granted = app.redeem(&some).await;
    given(&granted, "openid");
    let bearer = format!("Bearer {}", granted.json["access_token"].as_str().unwrap());
    let info = stand.oauth.send(("GET", "/oauth/userinfo"), &[("authorization", &bearer)], None).await;
    assert_eq!((info.status, info.json.get("email")), (200, None), "{}", info.json);
    refused(&app.redeem(&none).await, "invalid_grant");
}

#[tokio::test]
async fn introspection_tells_of_a_refresh_token_what_it_still_gives() {
    let stand = Stand::new().await;
    let app = stand.app(json!({"first_party": true})).await;
    let server = json!({
        "kind": "confidential", "first_party": true, "grant_types": ["client_credentials"], "redirect_uris": [],
    });
    let server = stand.app(server).await;
    let told = async |token: &Value| {
        server.post("/oauth/introspect", &[("token", token.as_str().unwrap())]).await.json
    };
    let granted = app.redeem(&code(&stand, &app, "openid playback.start").await).await;
    let token = given(&granted, "openid playback.start");
    for (registered, scope) in [
        (&["openid", "playback.start"][..], "openid playback.start"),
        (&["email", "openid"], "openid"),
        (&["playback.start"], "playback.start"),
    ] {
        limit(&stand, &app, registered).await;
        assert_eq!(told(&token).await["scope"], scope);
    }
    limit(&stand, &app, &["email"]).await;
    assert_eq!(told(&token).await, json!({"active": false}));
    let (_, session) = signed_in(&stand).await;
    assert_eq!(told(&session["refresh_token"]).await["active"], true);
}

#[tokio::test]
async fn a_client_that_needs_no_scope_goes_on_without_one() {
    let stand = Stand::new().await;
    let app = stand.app(json!({"first_party": true, "scopes": []})).await;
    let token = given(&app.redeem(&code(&stand, &app, "").await).await, "");
    given(&app.refresh(&token).await, "");
}
