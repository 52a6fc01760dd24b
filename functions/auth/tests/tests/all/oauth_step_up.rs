//! `acr_values`: a client that wants a person to be known by two factors (RFC 9470, OpenID Connect Core section 3.1.2.1).

use crate::common::PASSWORD;
use crate::enrolled::{account, enrol};
use auth_tests::app::App;
use auth_tests::browser::{Browser, answer, location};
use auth_tests::{Reply, Stand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const STRONG: (&str, &str) = ("acr_values", "2");

/// Whether the page is the one to sign in.
fn asks_to_sign_in(reply: &Reply) -> bool {
    reply.status == 200 && reply.text.contains("type=\"password\"")
}

/// The `acr` of both tokens that a code gives.
async fn acr(app: &App<'_>, redirect: &Reply) -> Value {
    let granted = app.redeem(&answer(redirect, "code").unwrap()).await;
    assert_eq!(granted.status, 200, "{}", granted.json);
    let [id, access] = ["id_token", "access_token"].map(|kind| {
        let payload = granted.json[kind].as_str().unwrap().split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        claims["acr"].clone()
    });
    assert_eq!(id, access);
    id
}

/// Signs in on a page with password and code, and gives where that leads.
async fn sign_in(browser: &Browser<'_>, page: &Reply, email: &str, code: &str) -> Reply {
    let typed = [("email", email), ("password", PASSWORD), ("code", code)];
    let reply = browser.submit(page, &typed).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    browser.open(&location(&reply)).await
}

#[tokio::test]
async fn a_person_with_a_second_factor_shows_it_to_a_client_that_wants_it() {
    let stand = Stand::new().await;
    let (email, token) = account(&stand).await;
    let app = stand.app(json!({"first_party": true})).await;
    let browser = stand.browser();
    browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    let codes = enrol(&stand, &token).await;
    for acr_values in ["1", "1 2", "gold", ""] {
        let redirect = browser.open(&app.request(&[("acr_values", acr_values)])).await;
        assert_eq!(acr(&app, &redirect).await, "1", "{acr_values}");
    }
    let silent = browser.open(&app.request(&[STRONG, ("prompt", "none")])).await;
    assert_eq!(answer(&silent, "error").as_deref(), Some("login_required"));
    let page = browser.open(&app.request(&[STRONG])).await;
    assert!(asks_to_sign_in(&page), "{}", page.text);
    let redirect = sign_in(&browser, &page, &email, &codes[0]).await;
    assert_eq!(acr(&app, &redirect).await, "2");
    let again = browser.open(&app.request(&[STRONG, ("prompt", "none")])).await;
    assert_eq!(acr(&app, &again).await, "2", "once in a session");
}

#[tokio::test]
async fn a_person_without_a_second_factor_is_let_in_and_the_tokens_say_so() {
    let stand = Stand::new().await;
    let (email, _) = account(&stand).await;
    let app = stand.app(json!({"first_party": true})).await;
    let browser = stand.browser();
    let redirect = browser.sign_in(&app.request(&[STRONG]), &email, PASSWORD).await;
    assert_eq!(acr(&app, &redirect).await, "1");
    let silent = browser.open(&app.request(&[STRONG, ("prompt", "none")])).await;
    assert_eq!(acr(&app, &silent).await, "1");
}

#[tokio::test]
async fn a_page_that_was_open_before_there_was_a_second_factor_is_no_way_around_it() {
    let stand = Stand::new().await;
    let (email, token) = account(&stand).await;
    let app = stand.app(json!({})).await;
    let browser = stand.browser();
    let consent = browser.sign_in(&app.request(&[STRONG]), &email, PASSWORD).await;
    assert!(consent.text.contains("Allow access?"), "{}", consent.text);
    let codes = enrol(&stand, &token).await;
    let page = browser.submit(&consent, &[("step", "allow")]).await;
    assert!(asks_to_sign_in(&page), "{}", page.text);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM consents").await, 0);
    let consent = sign_in(&browser, &page, &email, &codes[0]).await;
    let redirect = browser.submit(&consent, &[("step", "allow")]).await;
    assert_eq!(acr(&app, &redirect).await, "2");
}
