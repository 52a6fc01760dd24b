//! `/v1/clients`

use mcsp_tests::{Operator, Platform};
use serde_json::{Value, json};

fn website() -> Value {
    json!({
        "kind": "confidential", "name": "A website", "redirect_uris": ["https://app.example/cb"],
        "grant_types": ["authorization_code"], "scopes": ["openid"],
    })
}

#[tokio::test]
async fn an_administrator_registers_changes_and_removes_a_client() {
    let admin = Operator::of_running().account("admin").await;
    let created = admin.post("/v1/clients", &website()).await;
    assert_eq!(created.header("cache-control"), "no-store");
    let path = created.header("location").to_owned();
    let client = created.expect(201);
    assert!(client["secret"].as_str().is_some_and(|secret| secret.starts_with("mcsp_client_secret_")));
    assert_eq!(path, format!("/v1/clients/{}", client["id"].as_str().expect("an id")));
    let etag = admin.get(&path).await.header("etag").to_owned();
    admin.patch(&path, &json!({"name": "Another"}), Some(&etag)).await.expect(200);
    admin.patch(&path, &json!({"name": "Lost"}), Some(&etag)).await.refused(412, "stale");
    let rotated = admin.post(&format!("{path}/secret"), &json!({})).await.expect(200);
    assert_ne!(rotated["secret"], client["secret"]);
    assert!(rotated["previous_secret_expires_at"].is_string());
    let shown = admin.get(&path).await.expect(200);
    assert_eq!((&shown["name"], shown.get("secret")), (&json!("Another"), None));
    let page = admin.get("/v1/clients?limit=100").await.expect(200);
    assert!(page["items"].as_array().expect("items").iter().any(|item| item["id"] == client["id"]));
    admin.delete(&path).await.expect(204);
    admin.get(&path).await.refused(404, "not_found");
}

#[tokio::test]
async fn the_same_key_registers_one_client_and_shows_its_secret_once() {
    let admin = Operator::of_running().account("admin").await;
    let first = admin.post_with_key("/v1/clients", &website(), "k1").await.expect(201);
    let again = admin.post_with_key("/v1/clients", &website(), "k1").await.expect(201);
    assert_eq!((&first["id"], again.get("secret")), (&again["id"], None));
    let mut other = website();
    other["name"] = json!("Another");
    admin.post_with_key("/v1/clients", &other, "k1").await.refused(422, "idempotency_key_reused");
}

#[tokio::test]
async fn nobody_else_sees_the_registry() {
    let creator = Platform::running().account("creator").await;
    creator.get("/v1/clients").await.refused(403, "insufficient_permission");
    creator.post("/v1/clients", &website()).await.refused(403, "insufficient_permission");
}
