//! Pushed authorization requests (RFC 9126).

use auth_tests::app::{App, encoded};
use auth_tests::browser::answer;
use auth_tests::{Reply, Stand};
use mcsp_testbed::unique;
use serde_json::json;

const PASSWORD: &str = "correct horse";

async fn registered(stand: &Stand) -> String {
    let email = format!("ada-{}@example.com", unique());
    stand.register(&email, PASSWORD).await;
    email
}

/// Pushes what an application would otherwise send with the person, with changes.
async fn push(app: &App<'_>, changes: &[(&str, &str)]) -> Reply {
    let request = app.request(changes);
    let query = request.split_once('?').unwrap().1;
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let pairs: Vec<(&str, &str)> =
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    app.post("/oauth/par", &pairs).await
}

/// The address that a person is sent to with what was pushed.
fn address(client: &str, pushed: &Reply) -> String {
    let request_uri = pushed.json["request_uri"].as_str().unwrap();
    format!("/oauth/authorize?{}", encoded(&[("client_id", client), ("request_uri", request_uri)]))
}

#[tokio::test]
async fn a_pushed_request_is_answered_like_one_that_a_person_brings() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    let pushed = push(&app, &[]).await;
    assert_eq!(pushed.status, 201, "{}", pushed.json);
    assert_eq!(pushed.headers["cache-control"], "no-store");
    assert_eq!(pushed.json["expires_in"], 600);
    // Nothing of what was pushed is in the page, and what stands beside it in the address does not count.
    let address = format!("{}&redirect_uri=https%3A%2F%2Fevil.example&scope=all", address(&app.id, &pushed));
    let browser = stand.browser();
    let page = browser.sign_in(&address, &email, PASSWORD).await;
    assert!(page.text.contains("Allow access?") && !page.text.contains("the nonce"), "{}", page.text);
    let redirect = browser.submit(&page, &[("step", "allow")]).await;
    assert_eq!(answer(&redirect, "state").as_deref(), Some("the state"));
    let granted = app.redeem(&answer(&redirect, "code").unwrap()).await;
    assert_eq!((granted.status, &granted.json["scope"]), (200, &json!("openid email")), "{}", granted.json);
}

#[tokio::test]
async fn a_pushed_request_is_good_for_one_code() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({"first_party": true})).await);
    let browser = stand.browser();
    let pushed = push(&app, &[]).await;
    let first = browser.sign_in(&address(&app.id, &pushed), &email, PASSWORD).await;
    assert!(answer(&first, "code").is_some());
    let again = browser.open(&address(&app.id, &pushed)).await;
    assert_eq!(again.status, 400);
    assert!(again.text.contains("begin again"), "{}", again.text);
}

#[tokio::test]
async fn a_pushed_request_is_its_clients_alone() {
    let stand = Stand::new().await;
    let (app, other) = (stand.app(json!({})).await, stand.app(json!({})).await);
    let pushed = push(&app, &[]).await;
    let unknown = json!({"request_uri": "urn:ietf:params:oauth:request_uri:never-given"});
    let foreign = json!({"request_uri": "https://app.example/request.jwt"});
    for (client, request_uri) in [(&other.id, &pushed.json), (&app.id, &unknown), (&app.id, &foreign)] {
        let request_uri = request_uri["request_uri"].as_str().unwrap();
        let query = encoded(&[("client_id", client), ("request_uri", request_uri)]);
        let page = stand.browser().open(&format!("/oauth/authorize?{query}")).await;
        assert_eq!(page.status, 400, "{request_uri}");
        assert!(page.headers.get("location").is_none());
    }
}

#[tokio::test]
async fn what_would_be_refused_later_is_refused_at_once() {
    let stand = Stand::new().await;
    let app = stand.app(json!({})).await;
    for (changes, code) in [
        (("redirect_uri", "https://evil.example/"), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("scope", "client.manage"), "invalid_scope"),
        (("request", "e30.e30."), "request_not_supported"),
        (("request_uri", "urn:ietf:params:oauth:request_uri:x"), "invalid_request"),
    ] {
        let reply = push(&app, &[changes]).await;
        assert_eq!((reply.status, &reply.json["error"]), (400, &json!(code)), "{changes:?}: {}", reply.json);
    }
}

#[tokio::test]
async fn a_confidential_client_proves_itself() {
    let stand = Stand::new().await;
    let mut app = stand.app(json!({"kind": "confidential"})).await;
    let pushed = push(&app, &[]).await;
    assert_eq!(pushed.status, 201, "{}", pushed.json);
    let page = stand.browser().open(&address(&app.id, &pushed)).await;
    assert!(!page.text.contains(app.secret.as_deref().unwrap()));
    app.secret = Some("wrong".to_owned());
    let refused = push(&app, &[]).await;
    assert_eq!((refused.status, &refused.json["error"]), (401, &json!("invalid_client")));
}
