//! The authorization code grant, by a browser without scripts.

use auth_tests::app::{App, CALLBACK, VERIFIER};
use auth_tests::browser::{answer, location};
use auth_tests::{Reply, Stand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcsp_testbed::unique;
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";
const ISSUER: &str = "http://auth.example";

async fn registered(stand: &Stand) -> String {
    let email = format!("ada-{}@example.com", unique());
    stand.register(&email, PASSWORD).await;
    email
}

/// Signs in and consents; gives the redirect.
async fn consented(stand: &Stand, app: &App<'_>, email: &str) -> Reply {
    let browser = stand.browser();
    let page = browser.sign_in(&app.request(&[]), email, PASSWORD).await;
    assert!(page.text.contains("Allow access?"), "{}", page.text);
    browser.submit(&page, &[("step", "allow")]).await
}

fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_third_party_gets_a_code_after_sign_in_and_consent() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    let browser = stand.browser();
    let page = browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    assert!(page.text.contains("An &lt;application&gt;") && page.text.contains(&email), "{}", page.text);
    assert!(page.text.contains("see your e-mail address"), "{}", page.text);
    let redirect = browser.submit(&page, &[("step", "allow")]).await;
    assert_eq!(redirect.status, 303);
    assert!(location(&redirect).starts_with(&format!("{CALLBACK}?code=")));
    assert_eq!(answer(&redirect, "state").as_deref(), Some("the state"));
    assert_eq!(answer(&redirect, "iss").as_deref(), Some(ISSUER));
    let granted = app.redeem(&answer(&redirect, "code").unwrap()).await;
    assert_eq!(granted.status, 200, "{}", granted.json);
    assert_eq!(granted.headers["cache-control"], "no-store");
    assert_eq!(granted.json["scope"], "openid email");
    let id = claims(&granted.json["id_token"]);
    let access = claims(&granted.json["access_token"]);
    assert_eq!((&id["iss"], &id["aud"], &id["nonce"]), (&json!(ISSUER), &json!(app.id), &json!("the nonce")));
    assert_eq!((&id["acr"], &id["amr"]), (&json!("1"), &json!(["pwd"])));
    assert_eq!((&access["aud"], &access["client_id"]), (&json!("mcsp"), &json!(app.id)));
    for claim in ["sub", "sid", "auth_time", "acr", "amr"] {
        assert_eq!(id[claim], access[claim], "{claim}");
    }
    assert!(app.refresh(&granted.json["refresh_token"]).await.status == 200);
}

#[tokio::test]
async fn consent_is_remembered_until_more_is_asked_for() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    consented(&stand, &app, &email).await;
    let browser = stand.browser();
    let reply = browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    assert!(answer(&reply, "code").is_some(), "asked again: {}", reply.text);
    assert!(answer(&browser.open(&app.request(&[("scope", "email")])).await, "code").is_some());
    for changes in [("scope", "openid playback.start"), ("prompt", "consent")] {
        let page = browser.open(&app.request(&[changes])).await;
        assert!(page.text.contains("Allow access?"), "{changes:?}");
    }
    let page = browser.open(&app.request(&[("scope", "openid playback.start")])).await;
    browser.submit(&page, &[("step", "allow")]).await;
    let all = app.request(&[("scope", "openid email playback.start")]);
    assert!(answer(&browser.open(&all).await, "code").is_some());
    let other = stand.app(json!({})).await;
    assert!(browser.open(&other.request(&[])).await.text.contains("Allow access?"));
}

#[tokio::test]
async fn who_refuses_is_believed() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    let browser = stand.browser();
    let page = browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    let redirect = browser.submit(&page, &[("step", "deny")]).await;
    assert_eq!(answer(&redirect, "error").as_deref(), Some("access_denied"));
    assert_eq!(answer(&redirect, "state").as_deref(), Some("the state"));
    assert_eq!(answer(&redirect, "iss").as_deref(), Some(ISSUER));
    assert_eq!(answer(&redirect, "code"), None);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM consents").await, 0);
}

#[tokio::test]
async fn our_own_application_asks_for_no_consent_and_signs_in_once() {
    let stand = Stand::new().await;
    let email = registered(&stand).await;
    let app = stand.app(json!({"first_party": true})).await;
    let browser = stand.browser();
    let redirect = browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    assert!(answer(&redirect, "code").is_some(), "{}", redirect.text);
    assert!(answer(&browser.open(&app.request(&[("prompt", "none")])).await, "code").is_some());
    let again = browser.open(&app.request(&[("prompt", "login")])).await;
    assert!(again.text.contains("type=\"password\""));
    let typed = [("email", email.as_str()), ("password", PASSWORD)];
    let signed_in = browser.submit(&again, &typed).await;
    assert!(answer(&browser.open(&location(&signed_in)).await, "code").is_some());
    // The same session went on.
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM sessions").await, 1);
    let old = browser.open(&app.request(&[("max_age", "60")])).await;
    assert!(answer(&old, "code").is_some());
    stand.bed.pass(61);
    let old = browser.open(&app.request(&[("max_age", "60"), ("prompt", "none")])).await;
    assert_eq!(answer(&old, "error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn nobody_is_shown_a_page_when_nobody_is_to_be_asked() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    let browser = stand.browser();
    let silent = app.request(&[("prompt", "none")]);
    assert_eq!(answer(&browser.open(&silent).await, "error").as_deref(), Some("login_required"));
    browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    assert_eq!(answer(&browser.open(&silent).await, "error").as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn a_wrong_password_is_told_on_the_page_and_an_unknown_address_in_the_same_way() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    let browser = stand.browser();
    let page = browser.open(&app.request(&[("login_hint", &email)])).await;
    assert!(page.text.contains(&format!("value=\"{email}\"")));
    let nobody = format!("nobody-{}@example.com", unique());
    let mut told = Vec::new();
    for typed in [email.as_str(), &nobody, "no address"] {
        let reply = browser.submit(&page, &[("email", typed), ("password", "not the password")]).await;
        assert_eq!(reply.status, 403);
        assert!(reply.text.contains("role=\"alert\""), "{}", reply.text);
        told.push(
            reply.text.split("role=\"alert\"").nth(1).unwrap().split("</p>").next().unwrap().to_owned(),
        );
    }
    assert!(told.iter().all(|text| *text == told[0]), "{told:?}");
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM sessions").await, 0);
}

#[tokio::test]
async fn pages_let_in_no_script_but_the_one_for_passkeys_and_no_frame() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    let browser = stand.browser();
    let hostile =
        [("state", "\"><script>alert(1)</script>"), ("login_hint", "'\"><script>alert(1)</script>")];
    let page = browser.open(&app.request(&hostile)).await;
    let scripts = |page: &Reply| page.text.matches("<script").count();
    assert_eq!(scripts(&page), 1, "{}", page.text);
    assert!(!page.text.contains("alert(1)</script"), "{}", page.text);
    let consent = browser.sign_in(&app.request(&hostile), &email, PASSWORD).await;
    let (device, lost) = (browser.open("/oauth/device").await, browser.open("/oauth/authorize").await);
    for (page, is_scripted) in [(page, true), (consent, false), (device, false), (lost, false)] {
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(policy.contains("script-src 'none'"), !is_scripted, "{policy}");
        assert_eq!(page.headers["x-frame-options"], "DENY");
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert_eq!(page.headers["cache-control"], "no-store");
        assert_eq!(scripts(&page), usize::from(is_scripted), "{}", page.text);
    }
}

#[tokio::test]
async fn a_code_is_good_for_a_minute_once_and_for_its_client_redirect_and_verifier_only() {
    let stand = Stand::new().await;
    let email = registered(&stand).await;
    let app = stand.app(json!({"first_party": true})).await;
    let other = stand.app(json!({"first_party": true})).await;
    let browser = stand.browser();
    browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    let wrong = VERIFIER.replace('d', "e");
    for (redirect_uri, verifier) in
        [(CALLBACK, wrong.as_str()), ("https://app.example/other", VERIFIER), ("", VERIFIER)]
    {
        let code = answer(&browser.open(&app.request(&[])).await, "code").unwrap();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        let refused = app.token(&form).await;
        assert_eq!((refused.status, &refused.json["error"]), (400, &json!("invalid_grant")), "{form:?}");
        // Whoever fails has used the code up.
        assert_eq!(app.redeem(&code).await.json["error"], "invalid_grant");
    }
    let code = answer(&browser.open(&app.request(&[])).await, "code").unwrap();
    assert_eq!(other.redeem(&code).await.json["error"], "invalid_grant");
    assert_eq!(app.redeem(&code).await.status, 200, "another client can't use it up");
    assert_eq!(app.redeem("no code").await.json["error"], "invalid_grant");
    let missing = app.token(&[("grant_type", "authorization_code"), ("code", "x")]).await;
    assert_eq!((missing.status, &missing.json["error"]), (400, &json!("invalid_request")));
}

#[tokio::test]
async fn a_code_that_was_used_twice_gives_nobody_anything() {
    let stand = Stand::new().await;
    let email = registered(&stand).await;
    let app = stand.app(json!({"first_party": true})).await;
    let browser = stand.browser();
    let redirect = browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    let code = answer(&redirect, "code").unwrap();
    let first = app.redeem(&code).await;
    assert_eq!(first.status, 200);
    assert_eq!(app.redeem(&code).await.json["error"], "invalid_grant");
    assert_eq!(app.refresh(&first.json["refresh_token"]).await.json["error"], "invalid_grant");
}

#[tokio::test]
async fn signing_out_and_suspending_end_a_browser_session_and_what_was_given_in_it() {
    let stand = Stand::new().await;
    let email = registered(&stand).await;
    let app = stand.app(json!({"first_party": true})).await;
    let browser = stand.browser();
    let redirect = browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    let granted = app.redeem(&answer(&redirect, "code").unwrap()).await;
    stand.bed.execute("UPDATE accounts SET state = 'suspended'").await;
    assert!(browser.open(&app.request(&[])).await.text.contains("type=\"password\""));
    assert_eq!(app.refresh(&granted.json["refresh_token"]).await.json["error"], "invalid_grant");
    stand.bed.execute("UPDATE accounts SET state = 'active'").await;
    let waiting = answer(&browser.open(&app.request(&[])).await, "code").unwrap();
    stand.bed.execute("DELETE FROM sessions").await;
    assert_eq!(app.redeem(&waiting).await.json["error"], "invalid_grant");
    assert!(browser.open(&app.request(&[])).await.text.contains("type=\"password\""));
}

#[tokio::test]
async fn asking_again_and_again_cannot_fill_the_table() {
    let stand = Stand::new().await;
    let email = registered(&stand).await;
    let app = stand.app(json!({"first_party": true})).await;
    let browser = stand.browser();
    browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    for _ in 0..25 {
        browser.open(&app.request(&[])).await;
    }
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM refresh_families").await, 20);
}

#[tokio::test]
async fn a_client_that_posts_its_request_is_answered_as_by_get() {
    let stand = Stand::new().await;
    let email = registered(&stand).await;
    let app = stand.app(json!({"first_party": true})).await;
    let browser = stand.browser();
    browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    let query = app.request(&[]);
    let url: url::Url = format!("http://localhost{query}").parse().unwrap();
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let form: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let reply = browser.post("/oauth/authorize", &form).await;
    assert_eq!(reply.status, 303);
    assert!(answer(&browser.open(&location(&reply)).await, "code").is_some());
}

#[tokio::test]
async fn userinfo_tells_what_the_scope_allows() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({"first_party": true})).await);
    let browser = stand.browser();
    browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    for (scope, status, told) in
        [("openid", 200, Value::Null), ("openid email", 200, json!(email)), ("email", 403, Value::Null)]
    {
        let redirect = browser.open(&app.request(&[("scope", scope)])).await;
        let granted = app.redeem(&answer(&redirect, "code").unwrap()).await.json;
        let bearer = format!("Bearer {}", granted["access_token"].as_str().unwrap());
        let headers = [("authorization", bearer.as_str())];
        for method in ["GET", "POST"] {
            let reply = stand.oauth.send((method, "/oauth/userinfo"), &headers, None).await;
            assert_eq!((reply.status, &reply.json["email"]), (status, &told), "{scope}: {}", reply.json);
        }
        if status == 200 {
            let reply = stand.oauth.send(("GET", "/oauth/userinfo"), &headers, None).await;
            assert_eq!(reply.json["sub"], claims(&granted["id_token"])["sub"]);
            // An ID token opens nothing (RFC 9068 section 2.1).
            let wrong = format!("Bearer {}", granted["id_token"].as_str().unwrap());
            let reply =
                stand.oauth.send(("GET", "/oauth/userinfo"), &[("authorization", &wrong)], None).await;
            assert_eq!((reply.status, reply.code()), (401, "invalid_token"));
        }
    }
}

#[tokio::test]
async fn a_scope_limits_what_the_roles_of_the_person_give() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({"first_party": true})).await);
    let browser = stand.browser();
    browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    for (scope, status) in [("openid", 403), ("openid account.manage", 200)] {
        let redirect = browser.open(&app.request(&[("scope", scope)])).await;
        let granted = app.redeem(&answer(&redirect, "code").unwrap()).await.json;
        let bearer = format!("Bearer {}", granted["access_token"].as_str().unwrap());
        let reply = stand.sessions.send(("GET", "/v1/sessions"), &[("authorization", &bearer)], None).await;
        assert_eq!(reply.status, status, "{scope}");
    }
}
