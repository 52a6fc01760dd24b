//! `/v1/factors`, `/v1/sessions/second-factor` and `/v1/sessions/{id}/step-up`

use auth_domain::TotpSecret;
use jiff::{SignedDuration, Timestamp};
use mcsp_tests::{Account, Answer, Platform};
use serde_json::{Value, json};

const STEP: SignedDuration = SignedDuration::from_secs(30);

/// An account with an authenticator, and its recovery codes.
async fn protected() -> (Account, String, TotpSecret, Vec<Value>) {
    let account = Platform::running().account("viewer").await;
    let enrolled = account.post("/v1/factors", &json!({"kind": "totp", "name": "phone"})).await;
    assert_eq!(enrolled.header("cache-control"), "no-store");
    let enrolled = enrolled.expect(201);
    let secret = enrolled["secret"].as_str().and_then(TotpSecret::from_base32).expect("a secret");
    let path = format!("/v1/factors/{}", enrolled["id"].as_str().expect("an id"));
    let code = secret.code(Timestamp::now());
    let confirmed = account.post(&format!("{path}/confirmation"), &json!({ "code": code })).await.expect(200);
    let codes = confirmed["recovery_codes"].as_array().expect("codes").clone();
    assert_eq!(codes.len(), 10);
    (account, path, secret, codes)
}

async fn challenge(account: &Account) -> Value {
    let body = json!({"email": account.email, "password": account.password});
    let asked = account.platform.post("/v1/sessions", &body).await;
    asked.refused(401, "second_factor_required");
    asked.json["challenge"].clone()
}

async fn complete(account: &Account, challenge: &Value, code: &Value) -> Answer {
    account.platform.post("/v1/sessions/second-factor", &json!({"challenge": challenge, "code": code})).await
}

#[tokio::test]
async fn a_code_completes_a_sign_in_once_and_a_recovery_code_too() {
    let (account, _, secret, codes) = protected().await;
    let waiting = challenge(&account).await;
    complete(&account, &waiting, &json!("12345")).await.refused(403, "wrong_code");
    // The code of now was shown to confirm; clocks may differ by a step.
    let next = json!(secret.code(Timestamp::now() + STEP));
    let session = complete(&account, &waiting, &next).await.expect(201);
    complete(&account, &waiting, &next).await.refused(401, "unusable_challenge");
    let waiting = challenge(&account).await;
    complete(&account, &waiting, &next).await.refused(403, "wrong_code");
    complete(&account, &waiting, &codes[0]).await.expect(201);
    let waiting = challenge(&account).await;
    complete(&account, &waiting, &codes[0]).await.refused(403, "wrong_code");
    let token = session["access_token"].as_str().expect("a token").to_owned();
    let signed_in = Account { token, ..account };
    let left = signed_in.get("/v1/factors/recovery-codes").await.expect(200);
    assert_eq!(left, json!({"remaining": 9}));
}

#[tokio::test]
async fn what_is_sensitive_asks_to_step_up_and_a_code_is_enough() {
    let (account, path, _, codes) = protected().await;
    let refused = account.delete(&path).await;
    refused.refused(401, "insufficient_user_authentication");
    let asked = refused.header("www-authenticate");
    assert!(asked.contains("acr_values=\"2\"") && asked.contains("max_age=\"600\""), "{asked}");
    account.delete("/v1/accounts/me").await.refused(401, "insufficient_user_authentication");
    let sessions = account.get("/v1/sessions").await.expect(200);
    let id = sessions["items"][0]["id"].as_str().expect("an id");
    let step_up = format!("/v1/sessions/{id}/step-up");
    account.post(&step_up, &json!({"password": account.password})).await.refused(403, "code_needed");
    account.post(&step_up, &json!({"code": "000"})).await.refused(403, "wrong_code");
    let better = account.post(&step_up, &json!({"code": codes[1]})).await.expect(200);
    assert_eq!(better["acr"], "2");
    let token = better["access_token"].as_str().expect("a token").to_owned();
    let account = Account { token, ..account };
    account.delete(&path).await.expect(204);
    account.delete(&path).await.refused(404, "not_found");
    let body = json!({"email": account.email, "password": account.password});
    account.platform.post("/v1/sessions", &body).await.expect(201);
}

#[tokio::test]
async fn nobody_sees_confirms_removes_or_steps_up_what_is_anothers() {
    let (victim, path, _, codes) = protected().await;
    let attacker = Platform::running().account("viewer").await;
    assert_eq!(attacker.get("/v1/factors").await.expect(200)["items"], json!([]));
    attacker.delete(&path).await.refused(404, "not_found");
    attacker
        .post(&format!("{path}/confirmation"), &json!({"code": "123456"}))
        .await
        .refused(404, "not_found");
    let sessions = victim.get("/v1/sessions").await.expect(200);
    let step_up = format!("/v1/sessions/{}/step-up", sessions["items"][0]["id"].as_str().expect("an id"));
    attacker.post(&step_up, &json!({"code": codes[2]})).await.refused(404, "not_found");
    let waiting = challenge(&victim).await;
    complete(&victim, &waiting, &codes[2]).await.expect(201);
}
