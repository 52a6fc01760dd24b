//! An account with an authenticator, for tests of something else.

use crate::common::{signed_in, text};
use auth_domain::TotpSecret;
use auth_tests::Stand;
use serde_json::{Value, json};

/// A new account's address, and an access token of it.
pub async fn account(stand: &Stand) -> (String, Value) {
    let (email, session) = signed_in(stand).await;
    (email, session["access_token"].clone())
}

/// Enrols an authenticator, and gives the recovery codes: each is a second factor once, whatever the time is.
pub async fn enrol(stand: &Stand, token: &Value) -> Vec<String> {
    let enrolled = stand.send("POST", "/v1/factors", Some(token), json!({"kind": "totp"})).await;
    assert_eq!(enrolled.status, 201, "{}", enrolled.json);
    let secret = TotpSecret::from_base32(&text(&enrolled.json["secret"])).unwrap();
    let path = format!("/v1/factors/{}/confirmation", text(&enrolled.json["id"]));
    let code = secret.code(stand.bed.now()).unwrap();
    let confirmed = stand.send("POST", &path, Some(token), json!({ "code": code })).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.json);
    confirmed.json["recovery_codes"].as_array().unwrap().iter().map(text).collect()
}
