//! What RFC 9700 (OAuth 2.0 Security Best Current Practice) asks of a server, clause by clause. Refresh tokens
//! (4.14) have a file of their own.

use auth_tests::app::{CALLBACK, VERIFIER};
use auth_tests::browser::{answer, location};
use auth_tests::{Reply, Stand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcsp_testbed::unique;
use serde_json::json;
use sha2::{Digest, Sha256};

const PASSWORD: &str = "correct horse";

async fn registered(stand: &Stand) -> String {
    let email = format!("ada-{}@example.com", unique());
    stand.register(&email, PASSWORD).await;
    email
}

#[track_caller]
fn told_to_the_client(reply: &Reply, error: &str) {
    assert!(location(reply).starts_with(&format!("{CALLBACK}?error=")), "{}", location(reply));
    assert_eq!(answer(reply, "error").as_deref(), Some(error));
    assert_eq!(answer(reply, "state").as_deref(), Some("the state"));
}

/// 2.1, 4.1.3: redirect URIs are compared exactly. 4.11.2: what is wrong with one is never answered by a redirect.
#[tokio::test]
async fn an_unregistered_redirect_uri_is_answered_to_the_person_alone() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({"first_party": true})).await);
    let browser = stand.browser();
    browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    for uri in
        ["https://evil.example/", "https://app.example/callback/../x", "https://app.example/callback?a=b"]
    {
        for more in [("prompt", "none"), ("response_type", "token"), ("scope", "nothing"), ("state", "s")] {
            let reply = browser.open(&app.request(&[("redirect_uri", uri), more])).await;
            assert_eq!(reply.status, 400, "{uri}");
            assert!(!reply.headers.contains_key("location"));
            assert!(!reply.text.contains("evil.example"), "the address is not even shown");
        }
    }
    for client in ["client_00000000000000000000000000", "x", ""] {
        let reply = browser.open(&app.request(&[("client_id", client)])).await;
        assert_eq!(reply.status, 400);
        assert!(!reply.headers.contains_key("location"));
    }
}

/// 2.1.1: PKCE for every client. 4.8.2: it cannot be left out or weakened on the way.
#[tokio::test]
async fn pkce_cannot_be_left_out_or_weakened() {
    let stand = Stand::new().await;
    let email = registered(&stand).await;
    let confidential = json!({"first_party": true, "kind": "confidential"});
    let app = stand.app(confidential).await;
    let browser = stand.browser();
    let redirect = browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    for changes in [
        &[("code_challenge", ""), ("code_challenge_method", "")][..],
        &[("code_challenge_method", "")],
        &[("code_challenge_method", "plain"), ("code_challenge", VERIFIER)],
    ] {
        told_to_the_client(&browser.open(&app.request(changes)).await, "invalid_request");
    }
    let code = answer(&redirect, "code").unwrap();
    let form = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
    assert_eq!(app.token(&form).await.json["error"], "invalid_request");
    // The right secret is no substitute.
    assert_eq!(app.redeem(&code).await.status, 200);
}

/// 2.1.2: no implicit grant. 2.4: no password grant.
#[tokio::test]
async fn there_is_no_implicit_grant_and_no_password_grant() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    for response_type in ["token", "id_token", "code token", "code id_token"] {
        let reply = stand.browser().open(&app.request(&[("response_type", response_type)])).await;
        told_to_the_client(&reply, "unsupported_response_type");
    }
    let reply = stand.browser().open(&app.request(&[("response_mode", "fragment")])).await;
    told_to_the_client(&reply, "invalid_request");
    let form = [("grant_type", "password"), ("username", email.as_str()), ("password", PASSWORD)];
    assert_eq!(app.token(&form).await.json["error"], "unsupported_grant_type");
}

/// 4.2.4: no address with a code in it is told to others, and no page names one. 4.3.1: nothing of it is kept.
#[tokio::test]
async fn neither_pages_nor_redirects_leak_through_referrers_or_caches() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({"first_party": true})).await);
    let browser = stand.browser();
    let page = browser.open(&app.request(&[])).await;
    let redirect = browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    for reply in [&page, &redirect] {
        assert_eq!(reply.headers["referrer-policy"], "no-referrer");
        assert_eq!(reply.headers["cache-control"], "no-store");
    }
    assert!(!page.text.contains("src=") && !page.text.contains("href="), "{}", page.text);
}

/// 4.4.2: the answer names its issuer, errors too, so that no server's answer is taken for another's (RFC 9207).
#[tokio::test]
async fn every_answer_names_the_issuer() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({"first_party": true})).await);
    let browser = stand.browser();
    let silent = browser.open(&app.request(&[("prompt", "none")])).await;
    let malformed = browser.open(&app.request(&[("max_age", "x")])).await;
    let granted = browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    for reply in [silent, malformed, granted] {
        assert_eq!(answer(&reply, "iss").as_deref(), Some("http://auth.example"));
    }
}

/// 4.5.3: a code is of use to nobody but the client that asked, with its own verifier, and once; a second use
/// takes back what the first gave.
#[tokio::test]
async fn an_injected_code_is_of_no_use() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({"first_party": true})).await);
    let attacker = stand.app(json!({"first_party": true})).await;
    let browser = stand.browser();
    let code = answer(&browser.sign_in(&app.request(&[]), &email, PASSWORD).await, "code").unwrap();
    assert_eq!(attacker.redeem(&code).await.json["error"], "invalid_grant");
    let first = app.redeem(&code).await;
    assert_eq!(first.status, 200);
    assert_eq!(app.redeem(&code).await.json["error"], "invalid_grant");
    assert_eq!(app.refresh(&first.json["refresh_token"]).await.json["error"], "invalid_grant");
    let server = json!({
        "kind": "confidential", "first_party": true, "redirect_uris": [], "grant_types": ["client_credentials"],
    });
    let server = stand.app(server).await;
    let form = [("token", first.json["access_token"].as_str().unwrap())];
    assert_eq!(server.post("/oauth/introspect", &form).await.json, json!({"active": false}));
}

/// 4.7.1: what a person does on a page can be caused by no other site: each form is bound to its browser.
#[tokio::test]
async fn a_form_of_another_browser_is_not_taken() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    let (victim, attacker) = (stand.browser(), stand.browser());
    let consent = victim.sign_in(&app.request(&[]), &email, PASSWORD).await;
    // The attacker's own form, in the victim's browser: consent that nobody gave.
    let forged = attacker.open(&app.request(&[])).await;
    let reply = victim.submit(&forged, &[("step", "allow")]).await;
    assert!(reply.status == 303 && location(&reply).starts_with("/oauth/authorize?"), "{}", reply.text);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM consents").await, 0);
    // Signing the victim in to the attacker's account (login CSRF).
    let typed = [("email", email.as_str()), ("password", PASSWORD)];
    let fresh = stand.browser();
    let reply = fresh.submit(&forged, &typed).await;
    assert!(location(&reply).starts_with("/oauth/authorize?"), "{}", reply.text);
    assert!(
        !reply.headers.get_all("set-cookie").iter().any(|c| c.to_str().unwrap().contains("mcsp_session"))
    );
    for token in ["", "x", "1.x"] {
        let reply = victim.submit(&consent, &[("step", "allow"), ("form", token)]).await;
        assert!(location(&reply).starts_with("/oauth/authorize?"), "{token}");
    }
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM consents").await, 0);
    // A page that was open for too long is shown anew.
    stand.bed.pass(31 * 60);
    assert!(location(&victim.submit(&consent, &[("step", "allow")]).await).starts_with("/oauth/authorize?"));
}

/// 4.12: what a person typed is sent on to nobody: the redirect is a 303.
#[tokio::test]
async fn no_redirect_sends_a_password_on() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    let browser = stand.browser();
    let page = browser.open(&app.request(&[])).await;
    let signed_in = browser.submit(&page, &[("email", &email), ("password", PASSWORD)]).await;
    assert_eq!(signed_in.status, 303);
    assert!(!location(&signed_in).contains("horse"));
    let consent = browser.open(&location(&signed_in)).await;
    assert!(!consent.text.contains("horse"));
    assert_eq!(browser.submit(&consent, &[("step", "allow")]).await.status, 303);
}

/// 4.15.1: no client can take a subject that could be a person's.
#[tokio::test]
async fn a_client_in_its_own_name_is_no_person() {
    let stand = Stand::new().await;
    let server = json!({
        "kind": "confidential", "redirect_uris": [], "grant_types": ["client_credentials"],
        "scopes": ["account.manage", "openid"],
    });
    let server = stand.app(server).await;
    let granted = server.token(&[("grant_type", "client_credentials")]).await;
    let bearer = format!("Bearer {}", granted.json["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    for path in ["/oauth/userinfo"] {
        let reply = stand.oauth.send(("GET", path), &headers, None).await;
        assert_eq!((reply.status, reply.code()), (403, "user_needed"), "{path}");
    }
    let told =
        server.post("/oauth/introspect", &[("token", granted.json["access_token"].as_str().unwrap())]).await;
    assert!(told.json["sub"].as_str().unwrap().starts_with("client_"), "{}", told.json);
}

/// 4.16: no page can be framed.
#[tokio::test]
async fn no_page_can_be_framed() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    let browser = stand.browser();
    let consent = browser.sign_in(&app.request(&[]), &email, PASSWORD).await;
    for page in [consent, stand.browser().open(&app.request(&[])).await, browser.open("/oauth/device").await]
    {
        assert_eq!(page.headers["x-frame-options"], "DENY");
        assert!(page.headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
    }
}

/// A browser's cookie is read by no script, and sent by no other site's form. A new sign-in changes it.
#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_changes_with_each_sign_in() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({"first_party": true})).await);
    let browser = stand.browser();
    let page = browser.open(&app.request(&[])).await;
    let typed = [("email", email.as_str()), ("password", PASSWORD)];
    let reply = browser.submit(&page, &typed).await;
    for cookie in reply.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    }
    let stolen = browser.stolen();
    assert!(answer(&stolen.open(&app.request(&[])).await, "code").is_some());
    let again = browser.open(&app.request(&[("prompt", "login")])).await;
    let reply = browser.submit(&again, &typed).await;
    assert!(stolen.open(&app.request(&[])).await.text.contains("type=\"password\""));
    let secret = session_cookie(&reply);
    let bytes = URL_SAFE_NO_PAD.decode(&secret).unwrap();
    assert!(stand.bed.is_stored(&Sha256::digest(&secret)).await, "it is in force");
    assert!(!stand.bed.is_stored(secret.as_bytes()).await && !stand.bed.is_stored(&bytes).await);
}

/// The secret by which a reply lets the browser be known from now on.
fn session_cookie(reply: &Reply) -> String {
    let mut cookies = reply.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let cookie = cookies.find_map(|cookie| cookie.strip_prefix("mcsp_session=")).unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// Guessing passwords on the page is limited as it is at the API, and by the same counters.
#[tokio::test]
async fn guessing_on_the_page_is_slow() {
    let stand = Stand::new().await;
    let (email, app) = (registered(&stand).await, stand.app(json!({})).await);
    let browser = stand.browser();
    let page = browser.open(&app.request(&[])).await;
    let mut statuses = Vec::new();
    for n in 0..26 {
        if n % 2 == 0 {
            statuses.push(
                browser.submit(&page, &[("email", &email), ("password", "not the password")]).await.status,
            );
        } else {
            let status = stand.sign_in(&email, "not the password").await.status;
            statuses.push(if status == 401 { 403 } else { status });
        }
    }
    assert_eq!(statuses[..20], [403; 20]);
    assert!(statuses.contains(&429), "{statuses:?}");
}

/// Without Redis nobody signs in or gets a code; who has a refresh token goes on.
#[tokio::test]
async fn without_redis_the_pages_are_closed_and_refreshing_goes_on() {
    let stand = Stand::new().await;
    let email = registered(&stand).await;
    let app = stand.app(json!({"first_party": true})).await;
    let id = app.id.clone();
    let token = stand.sign_in(&email, PASSWORD).await.json["refresh_token"].clone();
    let stand = stand.with_redis_down().await;
    assert_eq!(stand.refresh(&token).await.status, 200);
    let path = format!(
        "/oauth/authorize?client_id={id}&redirect_uri={CALLBACK}&response_type=code&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    );
    let browser = stand.browser();
    let page = browser.open(&path).await;
    assert_eq!(browser.submit(&page, &[("email", &email), ("password", PASSWORD)]).await.status, 503);
    let form = format!("grant_type=authorization_code&client_id={id}&code=x&code_verifier={VERIFIER}");
    let reply = stand.post_form("/oauth/token", &form).await;
    assert_eq!((reply.status, &reply.json["error"]), (503, &json!("temporarily_unavailable")));
    assert!(reply.headers.contains_key("retry-after"));
}
