//! Hashes that are made anew when their cost has risen, where the password is not all that a sign-in needs.

use crate::common::{PASSWORD, code_of};
use crate::enrolled::{account, enrol};
use auth_tests::{Reply, Stand};
use serde_json::json;

async fn stored(stand: &Stand) -> String {
    stand.bed.ask("SELECT phc FROM passwords").await
}

/// The second step of a sign-in.
async fn complete(stand: &Stand, asked: &Reply, code: &str) -> Reply {
    let body = json!({"challenge": asked.json["challenge"], "code": code});
    stand.send("POST", "/v1/sessions/second-factor", None, body).await
}

#[tokio::test]
async fn with_a_second_factor_too_a_hash_is_made_anew_when_its_cost_has_risen() {
    let stand = Stand::new().await;
    let (email, token) = account(&stand).await;
    let codes = enrol(&stand, &token).await;
    let before = stand.sign_in(&email, PASSWORD).await;
    assert!(stored(&stand).await.contains("t=2"));
    let stand = stand.with_costlier_hashes().await;
    assert_eq!(stand.sign_in(&email, "not the password").await.status, 401);
    assert!(stored(&stand).await.contains("t=2"));
    let asked = stand.sign_in(&email, PASSWORD).await;
    assert_eq!(code_of(&asked), (401, "second_factor_required"), "{}", asked.json);
    let renewed = stored(&stand).await;
    assert!(renewed.contains("t=3"), "{renewed}");
    let begun = complete(&stand, &asked, &codes[0]).await;
    assert_eq!(begun.status, 201, "{}", begun.json);
    let begun = complete(&stand, &before, &codes[1]).await;
    assert_eq!(begun.status, 201, "a challenge from before is good still: {}", begun.json);
    assert_eq!(code_of(&stand.sign_in(&email, PASSWORD).await), (401, "second_factor_required"));
    assert_eq!(stored(&stand).await, renewed, "once");
}
