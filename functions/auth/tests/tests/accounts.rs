//! What only shows from within: what registering stores and tells others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use auth_tests::Stand;
use serde_json::{Value, json};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse";

#[tokio::test]
async fn registering_emits_the_whole_state_and_no_address() {
    let stand = Stand::new().await;
    let reply = stand.register(EMAIL, PASSWORD).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    let event: String = stand.ask("SELECT topic || ' ' || type || ' ' || key FROM outbox").await;
    let id = reply.json["id"].as_str().unwrap();
    assert_eq!(event, format!("user.account.changed mcsp.auth.account.registered.v1 {id}"));
    let data: Vec<u8> = stand.ask("SELECT data FROM outbox").await;
    assert_eq!(
        serde_json::from_slice::<Value>(&data).unwrap(),
        json!({
            "user_id": id, "version": 1, "state": "active", "roles": ["viewer"], "region": "eu",
            "email_verified": false,
        })
    );
}

#[tokio::test]
async fn registering_again_changes_and_emits_nothing_but_notes_the_time() {
    let stand = Stand::new().await;
    stand.register(EMAIL, PASSWORD).await;
    let phc: String = stand.ask("SELECT phc FROM passwords").await;
    let again = stand.register("ADA@example.com", "what a stranger tries").await;
    assert_eq!(again.status, 201, "{}", again.json);
    assert_eq!(stand.ask::<i64>("SELECT count(*) FROM accounts").await, 1);
    assert_eq!(stand.ask::<i64>("SELECT count(*) FROM outbox").await, 1);
    assert_eq!(stand.ask::<String>("SELECT phc FROM passwords").await, phc);
    assert!(stand.ask::<bool>("SELECT registered_again_at > created_at FROM accounts").await);
}

#[tokio::test]
async fn a_password_is_stored_as_argon2id_only() {
    let stand = Stand::new().await;
    stand.register(EMAIL, PASSWORD).await;
    let phc: String = stand.ask("SELECT phc FROM passwords").await;
    assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
}
