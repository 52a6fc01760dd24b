//! `If-Match`, where others could have been first: 412, and nothing is changed.

use crate::common::{PASSWORD, code_of, signed_in, text};
use auth_tests::{Member, Reply, Stand};
use futures::future::join_all;
use serde_json::json;

const NEW_PASSWORD: &str = "battery staple";

async fn change(stand: &Stand, admin: &Member, (method, path): (&str, &str), tag: &str) -> Reply {
    let headers = [("authorization", admin.bearer.as_str()), ("if-match", tag)];
    stand.roles.send((method, path), &headers, None).await
}

fn tag(reply: &Reply) -> String {
    reply.headers["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_role_is_given_and_taken_only_from_what_was_read() {
    let stand = Stand::new().await;
    let (admin, viewer) = (stand.account(&["admin"]).await, stand.account(&[]).await);
    let held = format!("/v1/accounts/{}/roles", viewer.id);
    let (creator, moderator) = (format!("{held}/creator"), format!("{held}/moderator"));
    let first = tag(&stand.ask(&admin, ("GET", &held), None).await);
    let granted = change(&stand, &admin, ("PUT", &creator), &first).await;
    assert_eq!((granted.status, &granted.json["roles"]), (200, &json!(["viewer", "creator"])));
    let second = tag(&granted);
    assert_ne!(first, second);
    // Also where nothing would change.
    for route in [("PUT", &moderator), ("DELETE", &creator), ("PUT", &creator)] {
        let stale = change(&stand, &admin, (route.0, route.1), &first).await;
        assert_eq!(code_of(&stale), (412, "stale"), "{route:?}");
    }
    assert_eq!(tag(&stand.ask(&admin, ("GET", &held), None).await), second);
    let malformed = change(&stand, &admin, ("PUT", &moderator), "2").await;
    assert_eq!(code_of(&malformed), (400, "invalid_if_match"));
    assert_eq!(change(&stand, &admin, ("DELETE", &creator), &second).await.status, 200);
    assert_eq!(change(&stand, &admin, ("PUT", &moderator), "*").await.status, 200, "any version will do");
}

#[tokio::test]
async fn of_many_changes_to_the_same_version_one_is_made() {
    let stand = Stand::new().await;
    let (admin, viewer) = (stand.account(&["admin"]).await, stand.account(&[]).await);
    let held = format!("/v1/accounts/{}/roles", viewer.id);
    let read = tag(&stand.ask(&admin, ("GET", &held), None).await);
    let paths = ["creator", "moderator", "service"].map(|role| format!("{held}/{role}"));
    let replies = join_all(paths.iter().map(|path| change(&stand, &admin, ("PUT", path), &read))).await;
    let made = replies.iter().filter(|reply| reply.status == 200).count();
    let stale = replies.iter().filter(|reply| code_of(reply) == (412, "stale")).count();
    assert_eq!((made, stale), (1, 2), "{:?}", replies.iter().map(code_of).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_password_is_changed_only_of_the_account_that_was_read() {
    let stand = Stand::new().await;
    let (email, session) = signed_in(&stand).await;
    let bearer = format!("Bearer {}", text(&session["access_token"]));
    let change = async |tag: &str| {
        let headers = [("authorization", bearer.as_str()), ("if-match", tag)];
        let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
        stand.send_with(("PUT", "/v1/accounts/me/password"), &headers, body).await
    };
    assert_eq!(code_of(&change("\"7\"").await), (412, "stale"));
    assert_eq!(stand.sign_in(&email, PASSWORD).await.status, 201);
    assert_eq!(change("\"1\"").await.status, 204);
    assert_eq!(code_of(&change("\"1\"").await), (412, "stale"), "it has another version by now");
    assert_eq!(stand.sign_in(&email, NEW_PASSWORD).await.status, 201);
}
