//! Confirmations: of an address that another account has by then, and under a key that another route has had.

use crate::common::{PASSWORD, code_of, signed_in};
use auth_tests::{Reply, Stand};
use futures::future::join_all;
use mcsp_testbed::unique;
use serde_json::json;

const CONFIRMATION: &str = "/v1/accounts/verification/confirmation";

/// A new account that wants an address: its present one, and the token of the mail.
async fn wanting(stand: &Stand, wanted: &str) -> (String, String) {
    let (email, session) = signed_in(stand).await;
    let token = &session["access_token"];
    let asked = stand.send("PATCH", "/v1/accounts/me", Some(token), json!({ "email": wanted })).await;
    assert_eq!(asked.status, 200, "{}", asked.json);
    (email, stand.newest_mail(wanted).await.token())
}

async fn confirm(stand: &Stand, token: &str) -> Reply {
    stand.send("POST", CONFIRMATION, None, json!({ "token": token })).await
}

fn unused_email() -> String {
    format!("ada-{}@example.org", unique())
}

#[tokio::test]
async fn an_address_that_was_taken_meanwhile_is_not_to_be_confirmed() {
    let stand = Stand::new().await;
    let (shared, registered) = (unused_email(), unused_email());
    let (_, first) = wanting(&stand, &shared).await;
    let (second_email, second) = wanting(&stand, &shared).await;
    let (third_email, third) = wanting(&stand, &registered).await;
    assert_eq!(confirm(&stand, &first).await.status, 204);
    assert_eq!(stand.register(&registered, PASSWORD).await.status, 201);
    for token in [&second, &third] {
        for _ in 0..2 {
            assert_eq!(code_of(&confirm(&stand, token).await), (400, "unusable_mail_token"));
        }
    }
    for email in [&second_email, &third_email, &shared] {
        assert_eq!(stand.sign_in(email, PASSWORD).await.status, 201, "each has what it had");
    }
}

#[tokio::test]
async fn of_many_that_confirm_one_address_at_once_one_gets_it() {
    let stand = Stand::new().await;
    let shared = unused_email();
    let mut tokens = Vec::new();
    for _ in 0..4 {
        tokens.push(wanting(&stand, &shared).await.1);
    }
    let replies = join_all(tokens.iter().map(|token| confirm(&stand, token))).await;
    let confirmed = replies.iter().filter(|reply| reply.status == 204).count();
    let refused = replies.iter().filter(|reply| code_of(reply) == (400, "unusable_mail_token")).count();
    assert_eq!((confirmed, refused), (1, 3), "{:?}", replies.iter().map(code_of).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_key_of_one_route_is_another_key_at_the_next() {
    let stand = Stand::new().await;
    let (email, _) = signed_in(&stand).await;
    let key = unique();
    let send = async |path: &str, body| {
        stand.send_with(("POST", path), &[("idempotency-key", key.as_str())], body).await.status
    };
    assert_eq!(send("/v1/accounts/verification", json!({ "email": email })).await, 202);
    let token = stand.newest_mail(&email).await.token();
    assert_eq!(send(CONFIRMATION, json!({ "token": token })).await, 204);
    assert_eq!(send("/v1/accounts/recovery", json!({ "email": email })).await, 202);
    let body = json!({"token": stand.newest_mail(&email).await.token(), "password": "battery staple"});
    assert_eq!(send("/v1/accounts/recovery/confirmation", body).await, 204);
}
