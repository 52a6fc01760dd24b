//! `/v1/accounts/{verification,recovery}` and `/v1/accounts/me/password`: with the mails that are really sent.

use mcsp_tests::{Account, Answer, Platform, mails, nth_mail};
use serde_json::{Value, json};
use uuid::Uuid;

const NEW_PASSWORD: &str = "battery staple correct";

async fn sign_in(account: &Account, password: &str) -> Answer {
    account.platform.post("/v1/sessions", &json!({"email": account.email, "password": password})).await
}

async fn confirm(platform: &Platform, what: &str, body: Value) -> Answer {
    platform.post(&format!("/v1/accounts/{what}/confirmation"), &body).await
}

#[tokio::test]
async fn registering_sends_one_mail_and_its_token_verifies_the_address_once() {
    let account = Platform::running().account("viewer").await;
    let token = nth_mail(&account.email, "verification", 1).await.token().to_owned();
    assert_eq!(account.get("/v1/accounts/me").await.expect(200)["email_verified"], json!(false));
    confirm(&account.platform, "verification", json!({"token": token})).await.expect(204);
    let me = account.get("/v1/accounts/me").await;
    assert_eq!(me.header("etag"), "\"2\"");
    assert_eq!(me.expect(200)["email_verified"], json!(true));
    let again = confirm(&account.platform, "verification", json!({"token": token})).await;
    again.refused(400, "unusable_mail_token");
    assert_eq!(mails(&account.email).await.len(), 1);
}

#[tokio::test]
async fn a_new_password_comes_by_mail_and_signs_all_devices_out() {
    let account = Platform::running().account("viewer").await;
    let platform = &account.platform;
    platform.post("/v1/accounts/recovery", &json!({"email": account.email})).await.expect(202);
    let token = nth_mail(&account.email, "recovery", 1).await.token().to_owned();
    let weak = confirm(platform, "recovery", json!({"token": token, "password": "PassWord1234"})).await;
    weak.refused(422, "validation_failed");
    confirm(platform, "recovery", json!({"token": token, "password": NEW_PASSWORD})).await.expect(204);
    let again = confirm(platform, "recovery", json!({"token": token, "password": NEW_PASSWORD})).await;
    again.refused(400, "unusable_mail_token");
    sign_in(&account, &account.password).await.refused(401, "wrong_credentials");
    let signed_in = sign_in(&account, NEW_PASSWORD).await.expect(201);
    let token = signed_in["access_token"].as_str().expect("a token").to_owned();
    let sessions = Account { token, ..account.clone() }.get("/v1/sessions").await.expect(200);
    assert_eq!(sessions["items"].as_array().expect("items").len(), 1, "{sessions}");
    nth_mail(&account.email, "password_changed", 1).await;
}

#[tokio::test]
async fn asking_for_a_mail_does_not_tell_whether_the_address_has_an_account() {
    let account = Platform::running().account("viewer").await;
    let nobody = format!("nobody-{}@example.com", Uuid::new_v4().simple());
    for path in ["/v1/accounts/recovery", "/v1/accounts/verification"] {
        let known = account.platform.post(path, &json!({"email": account.email})).await;
        let unknown = account.platform.post(path, &json!({"email": nobody})).await;
        let names = |answer: &Answer| answer.headers.keys().cloned().collect::<Vec<_>>();
        assert_eq!((known.status, names(&known)), (unknown.status, names(&unknown)), "{path}");
        assert_eq!(known.expect(202), unknown.expect(202), "{path}");
        account.platform.post(path, &json!({"email": "ada"})).await.refused(422, "validation_failed");
    }
    nth_mail(&account.email, "verification", 2).await;
    assert!(mails(&nobody).await.is_empty());
}

#[tokio::test]
async fn an_idempotency_key_asks_for_one_mail() {
    let account = Platform::running().account("viewer").await;
    let key = Uuid::new_v4().to_string();
    let body = json!({"email": account.email});
    for _ in 0..3 {
        account.post_with_key("/v1/accounts/recovery", &body, &key).await.expect(202);
    }
    account.post("/v1/accounts/recovery", &body).await.expect(202);
    nth_mail(&account.email, "recovery", 2).await;
    assert_eq!(mails(&account.email).await.iter().filter(|mail| mail.category == "recovery").count(), 2);
}

#[tokio::test]
async fn the_owner_hears_when_somebody_registers_their_address_again() {
    let account = Platform::running().account("viewer").await;
    let theirs = json!({"email": account.email, "password": "what a stranger tries"});
    account.platform.post("/v1/accounts", &theirs).await.expect(201);
    nth_mail(&account.email, "already_registered", 1).await;
}

#[tokio::test]
async fn the_password_is_changed_by_who_knows_the_current_one() {
    let account = Platform::running().account("viewer").await;
    let change = async |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        account.put("/v1/accounts/me/password", &body).await
    };
    change("not the password", NEW_PASSWORD).await.refused(403, "wrong_password");
    change(&account.password, "short").await.refused(422, "validation_failed");
    change(&account.password, NEW_PASSWORD).await.expect(204);
    sign_in(&account, &account.password).await.refused(401, "wrong_credentials");
    sign_in(&account, NEW_PASSWORD).await.expect(201);
    assert_eq!(account.get("/v1/accounts/me").await.header("etag"), "\"2\"");
}

#[tokio::test]
async fn another_address_is_taken_once_it_is_proved() {
    let account = Platform::running().account("viewer").await;
    let wanted = format!("ada-{}@example.com", Uuid::new_v4().simple());
    account.patch("/v1/accounts/me", &json!({"email": wanted}), Some("\"7\"")).await.refused(412, "stale");
    let asked = account.patch("/v1/accounts/me", &json!({"email": wanted}), Some("\"1\"")).await.expect(200);
    assert_eq!((&asked["email"], &asked["new_email"]), (&json!(account.email), &json!(wanted)));
    nth_mail(&account.email, "email_change_asked", 1).await;
    let token = nth_mail(&wanted, "email_change", 1).await.token().to_owned();
    confirm(&account.platform, "verification", json!({"token": token})).await.expect(204);
    let me = account.get("/v1/accounts/me").await.expect(200);
    assert_eq!(
        (&me["email"], &me["new_email"], &me["email_verified"]),
        (&json!(wanted), &Value::Null, &json!(true))
    );
    sign_in(&account, &account.password).await.refused(401, "wrong_credentials");
    sign_in(&Account { email: wanted, ..account.clone() }, &account.password).await.expect(201);
}

#[tokio::test]
async fn an_address_that_another_account_has_is_asked_for_without_learning_it() {
    let platform = Platform::running();
    let (account, other) = (platform.account("viewer").await, platform.account("viewer").await);
    let asked = account.patch("/v1/accounts/me", &json!({"email": other.email}), None).await.expect(200);
    assert_eq!(asked["new_email"], json!(other.email));
    nth_mail(&other.email, "already_registered", 1).await;
    assert!(mails(&other.email).await.iter().all(|mail| mail.category != "email_change"));
}
