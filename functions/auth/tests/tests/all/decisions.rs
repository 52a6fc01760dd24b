//! `admin.decision.made`: suspended, reinstated, in any order and twice.

use auth_tests::Stand;
use mcsp_testbed::{Reply, new_id, unique};
use serde_json::{Value, json};

const SUSPENDED: &str = "mcsp.admin.account.suspended.v1";
const REINSTATED: &str = "mcsp.admin.account.reinstated.v1";
const PASSWORD: &str = "correct horse";
/// How long an access token is good.
const TOKEN_S: i64 = 600;

async fn signed_up(stand: &Stand) -> (String, Value) {
    let email = format!("{}@example.com", unique());
    let registered = stand.register(&email, PASSWORD).await;
    (email, registered.json["id"].clone())
}

async fn decide(stand: &Stand, event_id: &str, user: &Value, version: i64, suspended: bool) -> Reply {
    let kind = if suspended { SUSPENDED } else { REINSTATED };
    let data = json!({"user_id": user, "version": version, "suspended": suspended, "reason_code": "spam"});
    stand.decisions.deliver(event_id, kind, &data).await
}

async fn state(stand: &Stand) -> String {
    stand.bed.ask("SELECT state || ' ' || version || ' ' || decision_version FROM accounts").await
}

#[tokio::test]
async fn a_suspension_ends_all_sessions_and_is_told_once() {
    let stand = Stand::new().await;
    let (email, user) = signed_up(&stand).await;
    for _ in 0..2 {
        assert_eq!(stand.sign_in(&email, PASSWORD).await.status, 201);
    }
    for _ in 0..2 {
        assert_eq!(decide(&stand, "event-1", &user, 1, true).await.status, 204);
    }
    assert_eq!(state(&stand).await, "suspended 2 1");
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM sessions").await, 0);
    let refused = stand.sign_in(&email, PASSWORD).await;
    assert_eq!((refused.status, refused.code()), (403, "account_suspended"));
    let emitted = stand.bed.emitted(user.as_str().unwrap()).await;
    assert_eq!(emitted.len(), 2);
    assert_eq!(emitted[1].kind, "mcsp.auth.account.suspended.v1");
    assert_eq!((&emitted[1].data["state"], &emitted[1].data["version"]), (&json!("suspended"), &json!(2)));
    assert_eq!(decide(&stand, "event-2", &user, 2, false).await.status, 204);
    assert_eq!(state(&stand).await, "active 3 2");
    assert_eq!(stand.sign_in(&email, PASSWORD).await.status, 201);
}

#[tokio::test]
async fn a_suspension_reaches_refresh_and_introspection_at_once_and_issued_tokens_at_their_end() {
    let stand = Stand::new().await;
    stand.bed.stop_clock();
    let (email, user) = signed_up(&stand).await;
    let session = stand.sign_in(&email, PASSWORD).await.json;
    let ours = stand.app(json!({"kind": "confidential", "first_party": true})).await;
    let introspect = async || {
        ours.post("/oauth/introspect", &[("token", session["access_token"].as_str().unwrap())]).await
    };
    assert_eq!(introspect().await.json["active"], true);
    assert_eq!(decide(&stand, "e1", &user, 1, true).await.status, 204);
    assert_eq!(introspect().await.json, json!({"active": false}));
    let refreshed = stand.refresh(&session["refresh_token"]).await;
    assert_eq!((refreshed.status, &refreshed.json["error"]), (400, &json!("invalid_grant")));
    // Whoever verifies tokens without a call believes it for the rest of its ten minutes, and no longer.
    let verified =
        async || stand.send("GET", "/v1/sessions", Some(&session["access_token"]), json!(null)).await;
    stand.bed.pass(TOKEN_S - 1);
    assert_eq!(verified().await.status, 200);
    stand.bed.pass(1);
    assert_eq!(verified().await.status, 401);
}

#[tokio::test]
async fn the_newest_decision_holds_whenever_it_comes() {
    let stand = Stand::new().await;
    let (_, user) = signed_up(&stand).await;
    for (event, version, suspended) in [("e3", 3, true), ("e2", 2, false), ("e1", 1, true), ("e3", 3, true)] {
        assert_eq!(decide(&stand, event, &user, version, suspended).await.status, 204);
    }
    assert_eq!(state(&stand).await, "suspended 2 3");
    assert_eq!(stand.bed.emitted(user.as_str().unwrap()).await.len(), 2);
}

#[tokio::test]
async fn a_decision_by_which_nothing_changes_is_noted_and_not_told() {
    let stand = Stand::new().await;
    let (_, user) = signed_up(&stand).await;
    assert_eq!(decide(&stand, "e1", &user, 1, false).await.status, 204);
    assert_eq!(state(&stand).await, "active 1 1");
    assert_eq!(stand.bed.emitted(user.as_str().unwrap()).await.len(), 1);
}

#[tokio::test]
async fn what_does_not_concern_accounts_is_passed_over_and_poison_refused() {
    let stand = Stand::new().await;
    let other = stand.decisions.deliver("e1", "mcsp.admin.video.removed.v1", &json!({"video_id": "x"})).await;
    assert_eq!(other.status, 204);
    let unknown = new_id::<mcsp_ids::User>().to_string();
    assert_eq!(decide(&stand, "e2", &json!(unknown), 1, true).await.status, 204, "erased");
    let poison = stand.decisions.deliver("e3", SUSPENDED, &json!({"user_id": "nobody"})).await;
    assert_eq!((poison.status, poison.code()), (422, "malformed_event"));
}
