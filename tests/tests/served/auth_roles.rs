//! `/v1/roles`, who has them, and when others know.

use mcsp_tests::{Operator, Platform};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use uuid::Uuid;

#[tokio::test]
async fn a_granted_role_is_in_the_next_token_and_a_revoked_one_no_longer() {
    let operator = Operator::of_running();
    let admin = operator.account("admin").await;
    let viewer = Platform::running().account("viewer").await;
    let role = format!("/v1/accounts/{}/roles/creator", viewer.user_id);
    admin.put(&role, &json!({})).await.expect(200);
    viewer.get("/v1/videos").await.refused(403, "insufficient_permission");
    let creator = viewer.signed_in_again().await;
    creator.get("/v1/videos").await.expect(200);
    admin.delete(&role).await.expect(200);
    // What its token says holds for as long as the token; a new one says less.
    creator.get("/v1/videos").await.expect(200);
    creator.signed_in_again().await.get("/v1/videos").await.refused(403, "insufficient_permission");
}

#[tokio::test]
async fn what_a_custom_role_permits_is_known_to_other_services() {
    let operator = Operator::of_running();
    let admin = operator.account("admin").await;
    let name = format!("editor_{}", &Uuid::new_v4().simple().to_string()[..12]);
    let role = json!({"name": name, "permissions": ["content.edit"]});
    admin.post("/v1/roles", &role).await.expect(201);
    let editor = operator.account(&name).await;
    editor.get("/v1/videos").await.expect(200);
    editor.get("/v1/uploads").await.refused(403, "insufficient_permission");
    let held = admin.get(&format!("/v1/accounts/{}/roles", editor.user_id)).await.expect(200);
    assert_eq!(held["roles"], json!(["viewer", name]));
    admin.delete(&format!("/v1/roles/{name}")).await.refused(409, "role_in_use");
}

#[tokio::test]
async fn the_platforms_own_token_is_what_makes_an_administrator() {
    let operator = Operator::of_running();
    let (admin, viewer) = (operator.account("admin").await, Platform::running().account("viewer").await);
    let role = format!("/v1/accounts/{}/roles/admin", viewer.user_id);
    admin.put(&role, &json!({})).await.refused(403, "role_not_below_own");
    viewer.put(&role, &json!({})).await.refused(403, "insufficient_permission");
    let guess = viewer.platform.request(reqwest::Method::PUT, &role).bearer_auth("a guess");
    viewer.platform.send(guess).await.refused(401, "invalid_token");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mcsp = |action: &str| {
        Command::new(root.join("target/release/mcsp"))
            .args(["accounts", action, &viewer.user_id, "admin", "--state-dir"])
            .arg(std::env::var("MCSP_TEST_STATE_DIR").expect("MCSP_TEST_STATE_DIR: run scripts/test"))
            .output()
            .expect("target/release/mcsp: run scripts/test")
    };
    let granted = mcsp("grant");
    let said = String::from_utf8_lossy(&granted.stdout);
    assert!(granted.status.success() && said.contains("viewer, admin"), "{said} {granted:?}");
    viewer.signed_in_again().await.get("/v1/clients").await.expect(200);
    assert!(mcsp("revoke").status.success());
    viewer.signed_in_again().await.get("/v1/clients").await.refused(403, "insufficient_permission");
}

#[tokio::test]
async fn a_check_is_answered_by_what_is_stored() {
    let operator = Operator::of_running();
    let (service, creator) =
        (operator.account("service").await, Platform::running().account("creator").await);
    let question = json!({"user_id": creator.user_id, "permissions": ["content.publish", "role.grant"]});
    let answer = service.post("/v1/permissions/check", &question).await.expect(200);
    let allowed: Vec<_> =
        answer["results"].as_array().expect("results").iter().map(|r| &r["allowed"]).collect();
    assert_eq!(allowed, [true, false]);
    creator
        .post("/v1/permissions/check", &json!({"permissions": []}))
        .await
        .refused(422, "validation_failed");
}
