//! A client that acts in its own name: what it may ask.

use crate::common::code_of;
use auth_tests::{Reply, Stand};
use serde_json::{Value, json};

const CHECK: &str = "/v1/permissions/check";

/// An `authorization` header of a new client that is registered for this scope, in its own name.
async fn server(stand: &Stand, scope: &str) -> String {
    let client = json!({
        "kind": "confidential", "grant_types": ["client_credentials"], "redirect_uris": [], "scopes": [scope],
    });
    let granted = stand.app(client).await.token(&[("grant_type", "client_credentials")]).await;
    assert_eq!(granted.status, 200, "{}", granted.json);
    format!("Bearer {}", granted.json["access_token"].as_str().unwrap())
}

async fn ask(stand: &Stand, bearer: &str, body: Value) -> Reply {
    stand.roles.send(("POST", CHECK), &[("authorization", bearer)], Some(body)).await
}

#[tokio::test]
async fn a_client_asks_in_its_own_name_what_an_account_may_do() {
    let stand = Stand::new().await;
    let (creator, bearer) = (stand.account(&["creator"]).await, server(&stand, "permission.check").await);
    let question = json!({"user_id": creator.id, "permissions": ["content.publish", "role.grant"]});
    let answer = ask(&stand, &bearer, question.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    let expected = json!([
        {"permission": "content.publish", "allowed": true}, {"permission": "role.grant", "allowed": false},
    ]);
    assert_eq!((&answer.json["user_id"], &answer.json["results"]), (&json!(creator.id), &expected));
    // It has no account that could be meant.
    let nobody = ask(&stand, &bearer, json!({"permissions": ["content.publish"]})).await;
    assert_eq!(code_of(&nobody), (422, "validation_failed"));
    let error = &nobody.json["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!("/user_id"), &json!("missing_field")));
}

#[tokio::test]
async fn a_client_without_the_permission_is_told_so_and_no_other_route_takes_one() {
    let stand = Stand::new().await;
    let creator = stand.account(&["creator"]).await;
    let (other, checking) =
        (server(&stand, "account.manage").await, server(&stand, "permission.check").await);
    for user_id in [json!(creator.id), Value::Null] {
        let body = json!({"user_id": user_id, "permissions": ["content.publish"]});
        assert_eq!(code_of(&ask(&stand, &other, body).await), (403, "insufficient_permission"));
    }
    let listed = stand.roles.send(("GET", "/v1/roles"), &[("authorization", &checking)], None).await;
    assert_eq!(code_of(&listed), (403, "user_needed"));
}
