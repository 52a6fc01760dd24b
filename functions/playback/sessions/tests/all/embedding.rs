//! Videos that not all pages may embed: who plays is told by the browser, and a page can say nothing else.

use crate::scene::{SESSIONS, STORES, Scene, expect, text};
use mcsp_access::Role;
use mcsp_ids::UserId;
use mcsp_testbed::{Reply, new_id};
use playback_storage::videos::Known;
use serde_json::{Value, json};

const PLAYER: &str = "https://player.example";
const BLOG: &str = "https://blog.example";
const OTHER: &str = "https://other.example";

async fn scene() -> Scene {
    Scene::where_also("player_origins", json!([PLAYER]).to_string()).await
}

impl Scene {
    async fn allow(&self, version: u64, mode: &str, origins: &[&str]) {
        self.announce_with(version, json!({"embedding": {"mode": mode, "origins": origins}})).await;
    }

    async fn send_from(&self, page: Option<&str>, request: (&str, &str), body: Value) -> Reply {
        let bearer = self.bed.bearer(self.user, Role::Viewer);
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(page.map(|page| ("origin", page)));
        self.sessions.send(request, &headers, Some(body)).await
    }

    async fn start_in(&self, page: Option<&str>, told: Option<&str>) -> Reply {
        let body = json!({"video_id": self.video, "device": {"id": "tv"}, "embedding_origin": told});
        self.send_from(page, ("POST", "/v1/playback/sessions"), body).await
    }

    /// Starts and ends.
    async fn plays_in(&self, page: Option<&str>, told: Option<&str>) {
        let session = expect(self.start_in(page, told).await, 201);
        assert_eq!(self.end(&session).await.status, 204);
    }

    async fn is_denied_in(&self, page: Option<&str>, told: Option<&str>) {
        let denied = self.start_in(page, told).await;
        assert_eq!(
            (denied.status, denied.code()),
            (403, "embedding_denied"),
            "{page:?} {told:?}: {}",
            denied.json
        );
        assert!(denied.json["detail"].is_string(), "it says what would help");
    }
}

#[tokio::test]
async fn a_yes_to_one_page_is_none_to_another() {
    let scene = scene().await;
    for page in [None, Some(PLAYER), Some(BLOG), Some("null")] {
        scene.plays_in(page, None).await;
    }
    scene.allow(2, "listed", &[BLOG]).await;
    // Again, since the first time a yes is kept.
    for _ in 0..2 {
        for (page, told) in [
            (None, None),
            (None, Some(BLOG)),
            (Some(PLAYER), None),
            (Some(PLAYER), Some(BLOG)),
            (Some(PLAYER), Some(PLAYER)),
            (Some(BLOG), None),
            (Some(BLOG), Some(OTHER)),
        ] {
            scene.plays_in(page, told).await;
        }
        for (page, told) in [
            (Some(OTHER), None),
            (Some("https://blog.example:8443"), None),
            (Some("http://blog.example"), None),
            (Some("null"), None),
            // What a page says for itself.
            (Some(OTHER), Some(BLOG)),
            (Some(OTHER), Some(PLAYER)),
            (Some("null"), Some(BLOG)),
            (Some(PLAYER), Some(OTHER)),
            (Some(PLAYER), Some("null")),
            (None, Some(OTHER)),
        ] {
            scene.is_denied_in(page, told).await;
        }
    }
    scene.allow(3, "nowhere", &[]).await;
    scene.is_denied_in(Some(BLOG), None).await;
    scene.plays_in(Some(PLAYER), None).await;
    scene.plays_in(None, None).await;
    scene.allow(4, "anywhere", &[]).await;
    scene.plays_in(Some(OTHER), None).await;
}

#[tokio::test]
async fn a_denial_takes_no_slot() {
    let scene = scene().await;
    scene.allow(2, "listed", &[BLOG]).await;
    scene.plays_in(Some(BLOG), None).await;
    for _ in 0..=crate::scene::LIMIT {
        scene.is_denied_in(Some(OTHER), None).await;
    }
    for _ in 0..crate::scene::LIMIT {
        expect(scene.start_in(Some(BLOG), None).await, 201);
    }
    // What can't be helped comes first.
    scene.is_denied_in(Some(OTHER), None).await;
    let full = scene.start_in(Some(BLOG), None).await;
    assert_eq!((full.status, full.code()), (403, "too_many_streams"));
}

#[tokio::test]
async fn its_owner_plays_it_as_others_do() {
    let scene = scene().await;
    scene.allow(2, "nowhere", &[]).await;
    let own = Scene { user: UserId::from_uuid(uuid::Uuid::from_u128(7)), ..scene };
    own.is_denied_in(Some(BLOG), None).await;
    own.plays_in(Some(PLAYER), None).await;
}

#[tokio::test]
async fn without_stores_too() {
    let scene = scene().await;
    scene.allow(2, "listed", &[BLOG]).await;
    scene.plays_in(Some(BLOG), None).await;
    let user: UserId = new_id();
    let scene = Scene { user, ..scene };
    scene.until_the_video_is_remembered().await;
    scene.down(&STORES, true);
    scene.is_denied_in(Some(OTHER), None).await;
    assert_eq!(expect(scene.start_in(Some(BLOG), None).await, 201)["served_from"], "memory");
}

#[tokio::test]
async fn postgres_knows_it_where_redis_does_not() {
    let scene = scene().await;
    scene.allow(2, "listed", &[BLOG]).await;
    let bridge = scene.bed.bridge(SESSIONS);
    let known = playback_storage::videos::find(&*bridge, scene.video).await.unwrap();
    let Some(Known::Told(known)) = known else { panic!("{known:?}") };
    assert_eq!(known.video.embedding.as_str(), "listed");
    let origins: Vec<_> = known.video.embedding.origins().iter().map(ToString::to_string).collect();
    assert_eq!(origins, [BLOG]);
}

#[tokio::test]
async fn a_session_that_began_before_gets_no_new_url() {
    let scene = scene().await;
    let embedded = expect(scene.start_in(Some(PLAYER), Some(BLOG)).await, 201);
    let own = expect(scene.start_in(Some(PLAYER), None).await, 201);
    scene.allow(2, "nowhere", &[]).await;
    // More than half of the URL's time.
    scene.bed.pass(3_000);
    let beat = json!({"position_ms": 1, "state": "playing"});
    let denied = scene.send_from(Some(PLAYER), ("PUT", text(&embedded, "renewal_path")), beat.clone()).await;
    assert_eq!(
        (denied.status, denied.code()),
        (403, "embedding_denied"),
        "the session's proof says where it is"
    );
    let path = ("PUT", text(&own, "renewal_path"));
    let denied = scene.send_from(Some(BLOG), path, beat.clone()).await;
    assert_eq!((denied.status, denied.code()), (403, "embedding_denied"));
    assert!(expect(scene.send_from(Some(PLAYER), path, beat).await, 200)["manifests"].is_object());
}

#[tokio::test]
async fn what_is_no_origin_is_refused() {
    let scene = scene().await;
    for told in ["", "blog.example", "https://blog.example/", "*"] {
        let refused = scene.start_in(None, Some(told)).await;
        assert_eq!((refused.status, refused.code()), (422, "validation_failed"), "{told}");
        let error = &refused.json["errors"][0];
        assert_eq!((text(error, "pointer"), text(error, "code")), ("/embedding_origin", "invalid_origin"));
    }
}

#[tokio::test]
async fn an_explanation_tells_which_pages_may() {
    let scene = scene().await;
    scene.allow(2, "listed", &[BLOG]).await;
    let bearer = scene.bed.bearer(new_id(), Role::Moderator);
    for (page, reason) in [
        (json!(null), json!(null)),
        (json!(PLAYER), json!(null)),
        (json!(BLOG), json!(null)),
        (json!(OTHER), json!("embedding_denied")),
        (json!("null"), json!("embedding_denied")),
    ] {
        let body =
            json!({"user_id": scene.user, "video_id": scene.video, "region": "eu", "embedding_origin": page});
        let reply = scene
            .sessions
            .send(("POST", "/v1/playback/explain"), &[("authorization", &bearer)], Some(body))
            .await;
        let explained = expect(reply, 200);
        assert_eq!(explained["reason"], reason, "{page}");
        let video = &explained["facts"]["video"]["value"];
        assert_eq!((&video["embedding"], &video["embedding_origins"]), (&json!("listed"), &json!([BLOG])));
    }
}
