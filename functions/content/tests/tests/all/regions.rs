//! Videos that are not shown everywhere.

use crate::finding::titles;
use content_tests::Stand;
use content_tests::samples::{ACCOUNT, account, new_user_id, new_video_id};
use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Reply, unique};
use serde_json::{Value, json};

/// A published video.
struct Shown {
    stand: Stand,
    owner: UserId,
    video: VideoId,
}

impl Shown {
    async fn new() -> Shown {
        let stand = Stand::new().await;
        let owner = new_user_id();
        let video = stand.ready_video(owner, "Needle").await;
        let shown = Shown { stand, owner, video };
        let path = shown.path("/publish");
        let published = shown.stand.send_as(owner, &shown.stand.publication, ("POST", &path), None).await;
        assert_eq!(published.status, 200, "{}", published.json);
        shown
    }

    fn path(&self, behind: &str) -> String {
        format!("/v1/videos/{}{behind}", self.video)
    }

    async fn set_as(&self, user: UserId, body: Value) -> Reply {
        let route = ("PUT", self.path("/regions"));
        self.stand.send_as(user, &self.stand.publication, (route.0, &route.1), Some(body)).await
    }

    async fn set(&self, allow: &[&str], deny: &[&str]) -> Reply {
        let reply = self.set_as(self.owner, json!({"allow": allow, "deny": deny})).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        reply
    }

    /// Whether the page and search show it; both do, or none.
    async fn is_shown_to(&self, who: Option<(UserId, &str)>) -> bool {
        let page = self.stand.get_from(who, &self.stand.videos, &self.path("")).await.status == 200;
        let found = self.stand.get_from(who, &self.stand.search, "/v1/search?q=needle").await;
        assert_eq!(titles(&found.json).len(), usize::from(page));
        page
    }
}

#[tokio::test]
async fn regions_are_told_once_and_can_be_lifted() {
    let shown = Shown::new().await;
    let denied = shown.set(&["US", "eu", "us"], &["ap"]).await;
    assert_eq!(denied.json["version"], 5);
    assert_eq!(denied.headers["etag"], "\"5\"");
    let regions = json!({"allow": ["eu", "us"], "deny": ["ap"]});
    assert_eq!(denied.json["regions"], regions);
    assert_eq!(shown.set(&["eu", "us"], &["ap"]).await.json, denied.json);
    let told = shown.stand.bed.emitted(shown.video).await.pop().unwrap();
    assert_eq!(
        (told.topic.as_str(), told.kind.as_str()),
        ("media.changed", "mcsp.content.video.regions_changed.v1")
    );
    assert_eq!((&told.data["regions"], &told.data["version"]), (&regions, &json!(5)));
    let lifted = shown.set(&[], &[]).await;
    assert_eq!(
        (&lifted.json["regions"], &lifted.json["version"]),
        (&json!({"allow": [], "deny": []}), &json!(6))
    );
    let told = shown.stand.bed.emitted(shown.video).await.pop().unwrap().data;
    assert_eq!((&told["regions"], &told["state"]), (&json!({"allow": [], "deny": []}), &json!("published")));
}

#[tokio::test]
async fn a_video_is_not_there_for_who_is_elsewhere_or_not_known_to_be_anywhere() {
    let shown = Shown::new().await;
    let someone = new_user_id();
    let lookers = [None, Some((someone, "eu")), Some((someone, "US")), Some((someone, "e u"))];
    for (allow, deny, expected) in [
        (&[][..], &[][..], [true; 4]),
        (&[], &["us"], [false, true, false, false]),
        (&["us"], &[], [false, false, true, false]),
        (&[], &["ap"], [false, true, true, false]),
        (&[], &[], [true; 4]),
    ] {
        shown.set(allow, deny).await;
        for (who, expected) in lookers.into_iter().zip(expected) {
            assert_eq!(shown.is_shown_to(who).await, expected, "{allow:?} {deny:?} {who:?}");
        }
        let own = shown.stand.get_from(Some((shown.owner, "us")), &shown.stand.videos, &shown.path("")).await;
        assert_eq!(own.status, 200, "its owner sees it everywhere");
    }
}

#[tokio::test]
async fn nobody_unlocks_what_is_not_there_for_them() {
    let shown = Shown::new().await;
    let visibility = Some(json!({"visibility": "password", "passwords": ["open sesame"]}));
    let route = ("PUT", shown.path("/visibility"));
    let stand = &shown.stand;
    let locked = stand.send_as(shown.owner, &stand.publication, (route.0, &route.1), visibility).await;
    assert_eq!(locked.status, 200, "{}", locked.json);
    let unlock = async || {
        let bearer = stand.bed.bearer(new_user_id(), Role::Viewer);
        let route = ("POST", shown.path("/unlock"));
        let body = Some(json!({"password": "open sesame"}));
        stand.publication.send((route.0, &route.1), &[("authorization", &bearer)], body).await
    };
    shown.set(&[], &["eu"]).await;
    let hidden = unlock().await;
    assert_eq!((hidden.status, hidden.code()), (404, "not_found"));
    shown.set(&["eu"], &[]).await;
    assert_eq!(unlock().await.status, 200);
}

#[tokio::test]
async fn only_its_owner_says_where_it_is_shown_and_only_of_the_version_that_is_known() {
    let shown = Shown::new().await;
    let body = json!({"allow": [], "deny": ["us"]});
    let stranger = shown.set_as(new_user_id(), body.clone()).await;
    assert_eq!((stranger.status, stranger.code()), (404, "not_found"));
    let bearer = shown.stand.bed.bearer(shown.owner, Role::Viewer);
    let put = async |path: &str, headers: &[(&str, &str)]| {
        shown.stand.publication.send(("PUT", path), headers, Some(body.clone())).await
    };
    let refused = put(&shown.path("/regions"), &[("authorization", &bearer)]).await;
    assert_eq!((refused.status, refused.code()), (403, "insufficient_permission"));
    let bearer = shown.stand.bed.bearer(shown.owner, Role::Creator);
    let unknown = put(&format!("/v1/videos/{}/regions", new_video_id()), &[("authorization", &bearer)]).await;
    assert_eq!((unknown.status, unknown.code()), (404, "not_found"));
    let of =
        async |etag| put(&shown.path("/regions"), &[("authorization", &bearer), ("if-match", etag)]).await;
    let stale = of("\"3\"").await;
    assert_eq!((stale.status, stale.code()), (412, "stale"));
    assert_eq!(of("\"4\"").await.status, 200);
    let again = of("\"4\"").await;
    assert_eq!((again.status, again.code()), (412, "stale"));
}

#[tokio::test]
async fn regions_that_can_not_be_taken_say_why() {
    let shown = Shown::new().await;
    for (body, status, pointer, code) in [
        (json!({"deny": ["us"]}), 400, "/allow", "missing_field"),
        (json!({"allow": ["us"]}), 400, "/deny", "missing_field"),
        (json!({"allow": "us", "deny": []}), 400, "/allow", "invalid_value"),
        (json!({"allow": [], "deny": [], "except": []}), 400, "/except", "unknown_field"),
        (json!({"allow": ["eu", "u s"], "deny": []}), 422, "/allow/1", "invalid_region"),
        (json!({"allow": ["eu"], "deny": ["us", "EU"]}), 422, "/deny/1", "contradiction"),
        (json!({"allow": [], "deny": vec!["us"; 251]}), 422, "/deny", "too_many"),
    ] {
        let reply = shown.set_as(shown.owner, body.clone()).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.json);
        let error = &reply.json["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{}", reply.json);
    }
    assert_eq!(shown.stand.bed.emitted(shown.video).await.len(), 4, "nothing has changed");
}

#[tokio::test]
async fn what_its_owner_said_is_forgotten_with_the_account() {
    let shown = Shown::new().await;
    shown.set(&["eu"], &["us"]).await;
    let erased = account(shown.owner, 9, "erased");
    shown.stand.events.deliver_until_taken(&unique(), ACCOUNT, &erased).await;
    let told = shown.stand.bed.emitted(shown.video).await.pop().unwrap().data;
    assert_eq!(
        (&told["regions"], &told["visibility"], &told["state"]),
        (&json!({"allow": [], "deny": []}), &json!("private"), &json!("unpublished"))
    );
}
