//! `PUT /v1/accounts/me/birth-date`: said once, and told to nobody but as an age that is reached.

use crate::common::{PASSWORD, code_of, signed_in};
use auth_tests::Stand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const PATH: &str = "/v1/accounts/me/birth-date";

/// What the token of an answer says.
fn claims(signed_in: &Value) -> Value {
    let payload = signed_in["access_token"].as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_date_of_birth_is_told_once_and_others_learn_of_the_age_alone() {
    let stand = Stand::new().await;
    let (email, account) = signed_in(&stand).await;
    let token = &account["access_token"];
    assert_eq!(claims(&account).get("age_reached"), None);
    let birth_date = json!({"birth_date": "2001-02-03"});
    for _ in 0..2 {
        let told = stand.send("PUT", PATH, Some(token), birth_date.clone()).await;
        assert_eq!(
            (told.status, &told.json["birth_date"]),
            (200, &birth_date["birth_date"]),
            "{}",
            told.json
        );
        assert_eq!(told.headers["etag"], "\"2\"", "said again, it is no change");
    }
    let other = stand.send("PUT", PATH, Some(token), json!({"birth_date": "1991-02-03"})).await;
    assert_eq!(code_of(&other), (409, "birth_date_told"));
    let again = stand.sign_in(&email, PASSWORD).await;
    assert_eq!(claims(&again.json)["age_reached"], 18);
    let events: String =
        stand.bed.ask("SELECT string_agg(convert_from(data, 'UTF8'), ' ') FROM outbox").await;
    assert!(events.contains("\"version\":2") && !events.contains("2001"), "{events}");
    assert!(!claims(&again.json).to_string().contains("2001"));
}

#[tokio::test]
async fn an_age_is_told_from_the_birthday_on() {
    let stand = Stand::new().await;
    let (email, account) = signed_in(&stand).await;
    // Sixteen tomorrow.
    let born: String = stand
        .bed
        .ask("SELECT (timezone('UTC', now())::date - interval '16 years' + interval '1 day')::date::text")
        .await;
    let told = stand.send("PUT", PATH, Some(&account["access_token"]), json!({"birth_date": born})).await;
    assert_eq!(told.status, 200, "{}", told.json);
    assert_eq!(claims(&stand.sign_in(&email, PASSWORD).await.json)["age_reached"], 12);
    // 29 February is there in one of four years.
    stand.bed.pass(2 * 24 * 60 * 60);
    assert_eq!(claims(&stand.sign_in(&email, PASSWORD).await.json)["age_reached"], 16);
}

#[tokio::test]
async fn what_is_no_date_of_birth_is_refused_at_its_place() {
    let stand = Stand::new().await;
    let (_, account) = signed_in(&stand).await;
    for birth_date in ["", "2999-01-01", "1800-01-01", "2001-02-29", "yesterday"] {
        let body = json!({ "birth_date": birth_date });
        let refused = stand.send("PUT", PATH, Some(&account["access_token"]), body).await;
        assert_eq!(code_of(&refused), (422, "validation_failed"), "{birth_date}");
        assert_eq!(refused.json["errors"][0]["pointer"], "/birth_date");
        assert!(!refused.text.contains("2999"), "what was sent is not told");
    }
}
