//! Taking an account over: by who registered it before its owner, by an application of others, and by a token that has outlived
//! its session.

use crate::common::{PASSWORD, code_of, signed_in, text};
use auth_tests::app::App;
use auth_tests::authenticator::Authenticator;
use auth_tests::browser::answer;
use auth_tests::{Reply, Stand};
use mcsp_testbed::unique;
use serde_json::{Value, json};

const NEW_PASSWORD: &str = "battery staple";
const PASSWORD_PATH: &str = "/v1/accounts/me/password";
const FACTOR: &str = "/v1/factors/factor_00000000000000000000000000";

/// Enrols a passkey.
async fn protected(stand: &Stand, token: &Value) -> Authenticator {
    let mut passkey = Authenticator::default();
    let factor = stand.send("POST", "/v1/factors", Some(token), json!({"kind": "passkey"})).await;
    assert_eq!(factor.status, 201, "{}", factor.json);
    let made = passkey.create(&factor.json["public_key"]);
    let path = format!("/v1/factors/{}/confirmation", text(&factor.json["id"]));
    let confirmed = stand.send("POST", &path, Some(token), json!({ "public_key": made })).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.json);
    passkey
}

/// Signs in with nothing else.
async fn show(stand: &Stand, passkey: &mut Authenticator) -> Reply {
    let asked = stand.send("POST", "/v1/sessions/passkey-challenge", None, Value::Null).await;
    let shown = passkey.get(&asked.json["public_key"]);
    stand.send("POST", "/v1/sessions/passkey", None, json!({ "public_key": shown })).await
}

async fn recover(stand: &Stand, email: &str) {
    let asked = stand.send("POST", "/v1/accounts/recovery", None, json!({ "email": email })).await;
    assert_eq!(asked.status, 202, "{}", asked.json);
    let body = json!({"token": stand.newest_mail(email).await.token(), "password": NEW_PASSWORD});
    let recovered = stand.send("POST", "/v1/accounts/recovery/confirmation", None, body).await;
    assert_eq!(recovered.status, 204, "{}", recovered.json);
}

/// What a person allows an application to do.
async fn allowed(stand: &Stand, app: &App<'_>, email: &str, scope: &str) -> Value {
    let browser = stand.browser();
    let page = browser.sign_in(&app.request(&[("scope", scope)]), email, PASSWORD).await;
    let redirect = match page.status {
        303 => page,
        _ => browser.submit(&page, &[("step", "allow")]).await,
    };
    let granted = app.redeem(&answer(&redirect, "code").unwrap()).await;
    assert_eq!(granted.status, 200, "{}", granted.json);
    granted.json["access_token"].clone()
}

/// All that others must not do, with bodies that would do.
fn sensitive() -> [(&'static str, String, Value); 8] {
    let wanted = format!("ada-{}@example.com", unique());
    let passwords = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    [
        ("POST", "/v1/factors".into(), json!({"kind": "totp"})),
        ("POST", format!("{FACTOR}/confirmation"), json!({"code": "123456"})),
        ("DELETE", FACTOR.into(), Value::Null),
        ("POST", "/v1/factors/recovery-codes".into(), Value::Null),
        ("PATCH", "/v1/accounts/me".into(), json!({ "email": wanted })),
        ("DELETE", "/v1/accounts/me".into(), Value::Null),
        ("PUT", "/v1/accounts/me/birth-date".into(), json!({"birth_date": "2001-02-03"})),
        ("PUT", PASSWORD_PATH.into(), passwords),
    ]
}

#[tokio::test]
async fn whoever_proves_an_address_finds_nothing_left_of_who_registered_it_before() {
    let stand = Stand::new().await;
    let (email, session) = signed_in(&stand).await;
    let token = &session["access_token"];
    let app = stand.app(json!({})).await;
    allowed(&stand, &app, &email, "openid").await;
    let born = json!({"birth_date": "2001-02-03"});
    assert_eq!(stand.send("PUT", "/v1/accounts/me/birth-date", Some(token), born).await.status, 200);
    let wanted = json!({"email": format!("mallory-{}@example.com", unique())});
    assert_eq!(stand.send("PATCH", "/v1/accounts/me", Some(token), wanted).await.status, 200);
    let mut passkey = protected(&stand, token).await;
    let waiting = stand.sign_in(&email, PASSWORD).await;
    assert_eq!(code_of(&waiting), (401, "second_factor_required"));

    recover(&stand, &email).await;
    for table in
        ["factors", "recovery_codes", "sign_in_challenges", "consents", "sessions", "refresh_families"]
    {
        assert_eq!(stand.bed.ask::<i64>(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    let change = "SELECT count(*) FROM mails WHERE kind = 'email_change'";
    assert_eq!(stand.bed.ask::<i64>(change).await, 0);
    assert_eq!(code_of(&show(&stand, &mut passkey).await), (403, "wrong_passkey"));
    let owner = stand.sign_in(&email, NEW_PASSWORD).await;
    assert_eq!(owner.status, 201, "{}", owner.json);
    let account =
        stand.send("GET", "/v1/accounts/me", Some(&owner.json["access_token"]), Value::Null).await.json;
    assert_eq!((&account["birth_date"], &account["new_email"]), (&Value::Null, &Value::Null), "{account}");
    // The access token of before has minutes left.
    let again = stand.send("POST", "/v1/factors", Some(token), json!({"kind": "passkey"})).await;
    assert_eq!(code_of(&again), (401, "insufficient_user_authentication"));
    let born = json!({"birth_date": "1991-02-03"});
    let again = stand.send("PUT", "/v1/accounts/me/birth-date", Some(token), born).await;
    assert_eq!(code_of(&again), (401, "insufficient_user_authentication"));
    protected(&stand, &owner.json["access_token"]).await;
}

#[tokio::test]
async fn a_recovery_of_an_address_that_was_verified_leaves_the_second_factor() {
    let stand = Stand::new().await;
    let (email, session) = signed_in(&stand).await;
    let mailed = json!({"token": stand.newest_mail(&email).await.token()});
    let verified = stand.send("POST", "/v1/accounts/verification/confirmation", None, mailed).await;
    assert_eq!(verified.status, 204, "{}", verified.json);
    let mut passkey = protected(&stand, &session["access_token"]).await;
    recover(&stand, &email).await;
    assert_eq!(code_of(&stand.sign_in(&email, NEW_PASSWORD).await), (401, "second_factor_required"));
    assert_eq!(show(&stand, &mut passkey).await.status, 201);
}

#[tokio::test]
async fn an_application_of_others_does_nothing_that_would_take_the_account_over() {
    let stand = Stand::new().await;
    let (email, _) = signed_in(&stand).await;
    let theirs = stand.app(json!({})).await;
    let token = allowed(&stand, &theirs, &email, "openid account.manage").await;
    for (method, path, body) in sensitive() {
        let refused = stand.send(method, &path, Some(&token), body).await;
        assert_eq!(code_of(&refused), (403, "first_party_needed"), "{method} {path}");
    }
    let shown = stand.send("GET", "/v1/accounts/me", Some(&token), Value::Null).await;
    assert_eq!(shown.status, 200, "what it was allowed it may: {}", shown.json);
    assert_eq!(shown.headers["etag"], "\"1\"", "nothing has changed");
    let ours = stand.app(json!({"first_party": true})).await;
    let token = allowed(&stand, &ours, &email, "openid account.manage").await;
    let enrolled = stand.send("POST", "/v1/factors", Some(&token), json!({"kind": "totp"})).await;
    assert_eq!(enrolled.status, 201, "{}", enrolled.json);
}

#[tokio::test]
async fn a_token_that_has_outlived_its_session_changes_nothing_of_the_account() {
    let stand = Stand::new().await;
    let (email, lost) = signed_in(&stand).await;
    let owner = stand.sign_in(&email, PASSWORD).await.json;
    let (kept, kept_session) =
        (owner["access_token"].clone(), format!("/v1/sessions/{}", text(&owner["id"])));
    stand.sign_in(&email, PASSWORD).await;
    let end = format!("/v1/sessions/{}", text(&lost["id"]));
    assert_eq!(stand.send("DELETE", &end, Some(&kept), Value::Null).await.status, 204);
    let token = &lost["access_token"];
    assert_eq!(stand.send("GET", "/v1/factors", Some(token), Value::Null).await.status, 200);
    // To change the password one has to know it.
    for (method, path, body) in sensitive().into_iter().filter(|(_, path, _)| path != PASSWORD_PATH) {
        let refused = stand.send(method, &path, Some(token), body).await;
        assert_eq!(code_of(&refused), (401, "insufficient_user_authentication"), "{method} {path}");
    }
    // Nor does it sign the owner out.
    let others = stand.send("DELETE", "/v1/sessions", Some(token), Value::Null).await;
    assert_eq!(code_of(&others), (401, "insufficient_user_authentication"));
    let one = stand.send("DELETE", &kept_session, Some(token), Value::Null).await;
    assert_eq!(code_of(&one), (404, "not_found"));
    assert_eq!(stand.listed_sessions(&kept).await, 2);
    assert_eq!(stand.send("DELETE", "/v1/sessions", Some(&kept), Value::Null).await.status, 204);
    assert_eq!(stand.listed_sessions(&kept).await, 1);
    let enrolled = stand.send("POST", "/v1/factors", Some(&kept), json!({"kind": "totp"})).await;
    assert_eq!(enrolled.status, 201, "{}", enrolled.json);
}
