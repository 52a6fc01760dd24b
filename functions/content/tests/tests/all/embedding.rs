//! Videos that not all pages may embed.

use content_tests::Stand;
use content_tests::samples::{ACCOUNT, account, new_user_id, new_video_id};
use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{BRIDGE_TOKEN, Reply, unique};
use serde_json::{Value, json};

/// A published video.
struct Published {
    stand: Stand,
    owner: UserId,
    video: VideoId,
}

impl Published {
    async fn new() -> Published {
        let stand = Stand::new().await;
        let owner = new_user_id();
        let video = stand.ready_video(owner, "Needle").await;
        let published = Published { stand, owner, video };
        let route = ("POST", published.path("/publish"));
        let stand = &published.stand;
        let reply = stand.send_as(owner, &stand.publication, (route.0, &route.1), None).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        published
    }

    fn path(&self, behind: &str) -> String {
        format!("/v1/videos/{}{behind}", self.video)
    }

    async fn set_as(&self, user: UserId, body: Value) -> Reply {
        let path = self.path("/embedding");
        self.stand.send_as(user, &self.stand.publication, ("PUT", &path), Some(body)).await
    }

    async fn set(&self, body: Value) -> Reply {
        let reply = self.set_as(self.owner, body).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        reply
    }
}

#[tokio::test]
async fn pages_are_told_once_and_can_be_lifted() {
    let published = Published::new().await;
    let listed = json!({"mode": "listed", "origins": ["https://B.example", "https://a.example:443"]});
    let reply = published.set(listed).await;
    assert_eq!(reply.json["version"], 5);
    assert_eq!(reply.headers["etag"], "\"5\"");
    let embedding = json!({"mode": "listed", "origins": ["https://a.example", "https://b.example"]});
    assert_eq!(reply.json["embedding"], embedding);
    assert_eq!(published.set(embedding.clone()).await.json, reply.json);
    let told = published.stand.bed.emitted(published.video).await.pop().unwrap();
    assert_eq!(
        (told.topic.as_str(), told.kind.as_str()),
        ("media.changed", "mcsp.content.video.embedding_changed.v1")
    );
    assert_eq!((&told.data["embedding"], &told.data["version"]), (&embedding, &json!(5)));
    let bearer = format!("Bearer {BRIDGE_TOKEN}");
    let path = format!("/v1/catalog/{}", published.video);
    let catalog = published.stand.catalog.send(("GET", &path), &[("authorization", &bearer)], None).await;
    assert_eq!(catalog.json["embedding"], embedding, "{}", catalog.json);
    let nowhere = published.set(json!({"mode": "nowhere"})).await;
    assert_eq!(nowhere.json["embedding"], json!({"mode": "nowhere", "origins": []}));
    let lifted = published.set(json!({"mode": "anywhere", "origins": []})).await;
    assert_eq!((&lifted.json["embedding"]["mode"], &lifted.json["version"]), (&json!("anywhere"), &json!(7)));
}

#[tokio::test]
async fn its_owner_alone_is_shown_which_pages_may() {
    let published = Published::new().await;
    let embedding = json!({"mode": "listed", "origins": ["https://intranet.example"]});
    published.set(embedding.clone()).await;
    let (stand, someone) = (&published.stand, new_user_id());
    let page = async |who| stand.get_from(who, &stand.videos, &published.path("")).await.json;
    assert_eq!(page(Some((published.owner, "eu"))).await["embedding"], embedding);
    let list = stand.send_as(published.owner, &stand.videos, ("GET", "/v1/videos"), None).await.json;
    assert_eq!(list["items"][0]["embedding"], embedding);
    for who in [None, Some((someone, "eu"))] {
        let shown = page(who).await;
        assert_eq!((&shown["title"], &shown["embedding"]), (&json!("Needle"), &json!(null)));
        let found = stand.get_from(who, &stand.search, "/v1/search?q=needle").await;
        assert_eq!(found.json["items"][0]["embedding"], json!(null), "{}", found.json);
        assert!(!found.text.contains("intranet"));
    }
    let share = published.path(&format!("/collaborators/{someone}"));
    let role = Some(json!({"role": "editor"}));
    assert_eq!(stand.send_as(published.owner, &stand.videos, ("PUT", &share), role).await.status, 201);
    let edited = Some(json!({"description": "In a haystack."}));
    let edited = stand.send_as(someone, &stand.videos, ("PATCH", &published.path("")), edited).await;
    let shared = stand.send_as(someone, &stand.videos, ("GET", "/v1/videos/shared"), None).await;
    let seen = [&edited.json, &shared.json["items"][0]["video"], &page(Some((someone, "eu"))).await];
    for shown in seen {
        assert_eq!((&shown["description"], &shown["embedding"]), (&json!("In a haystack."), &json!(null)));
    }
}

#[tokio::test]
async fn only_its_owner_says_which_pages_may_and_only_of_the_version_that_is_known() {
    let published = Published::new().await;
    let body = json!({"mode": "nowhere"});
    let stranger = published.set_as(new_user_id(), body.clone()).await;
    assert_eq!((stranger.status, stranger.code()), (404, "not_found"));
    let put = async |path: &str, headers: &[(&str, &str)]| {
        published.stand.publication.send(("PUT", path), headers, Some(body.clone())).await
    };
    let path = published.path("/embedding");
    let bearer = published.stand.bed.bearer(published.owner, Role::Viewer);
    let refused = put(&path, &[("authorization", &bearer)]).await;
    assert_eq!((refused.status, refused.code()), (403, "insufficient_permission"));
    let bearer = published.stand.bed.bearer(published.owner, Role::Creator);
    let unknown =
        put(&format!("/v1/videos/{}/embedding", new_video_id()), &[("authorization", &bearer)]).await;
    assert_eq!((unknown.status, unknown.code()), (404, "not_found"));
    for (etag, status) in [("\"3\"", 412), ("\"4\"", 200), ("\"4\"", 412)] {
        let reply = put(&path, &[("authorization", &bearer), ("if-match", etag)]).await;
        assert_eq!(reply.status, status, "{etag}: {}", reply.json);
    }
}

#[tokio::test]
async fn pages_that_can_not_be_taken_say_why() {
    let published = Published::new().await;
    let many: Vec<_> = (0..101).map(|n| format!("https://{n}.example")).collect();
    for (body, status, pointer, code) in [
        (json!({}), 400, "/mode", "missing_field"),
        (json!({"mode": "somewhere"}), 400, "/mode", "invalid_value"),
        (json!({"mode": "nowhere", "except": []}), 400, "/except", "unknown_field"),
        (json!({"mode": "listed"}), 422, "/origins", "missing_field"),
        (json!({"mode": "nowhere", "origins": ["https://a.example"]}), 422, "/origins", "contradiction"),
        (
            json!({"mode": "listed", "origins": ["https://a.example", "*"]}),
            422,
            "/origins/1",
            "invalid_origin",
        ),
        (json!({"mode": "listed", "origins": ["https://a.example/"]}), 422, "/origins/0", "invalid_origin"),
        (json!({"mode": "listed", "origins": many}), 422, "/origins", "too_many"),
    ] {
        let reply = published.set_as(published.owner, body.clone()).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.json);
        let error = &reply.json["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{}", reply.json);
    }
    assert_eq!(published.stand.bed.emitted(published.video).await.len(), 4, "nothing has changed");
}

#[tokio::test]
async fn what_its_owner_said_is_forgotten_with_the_account() {
    let published = Published::new().await;
    published.set(json!({"mode": "listed", "origins": ["https://a.example"]})).await;
    let erased = account(published.owner, 9, "erased");
    published.stand.events.deliver_until_taken(&unique(), ACCOUNT, &erased).await;
    let told = published.stand.bed.emitted(published.video).await.pop().unwrap().data;
    assert_eq!(told["embedding"], json!({"mode": "anywhere", "origins": []}));
}
