//! A start that no store of Playback knows the video of: Content is asked, by a stand-in's word.

use axum::Router;
use axum::extract::Path;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use mcsp_access::Role;
use mcsp_bridge_api::redis::Operation;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{BRIDGE_TOKEN, Component, Reply, Setup, Testbed, new_id, serve};
use playback_storage::videos::Announcement;
use playback_storage::{Bounds, memory};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

const RING: &str = r#"[{"id":"k1","secret":"a secret of enough bytes for a key"}]"#;
const COMPONENT: &str = "playback-sessions";
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// As Content says of its catalog.
const CACHING: &str = "public, max-age=1, stale-if-error=60";
/// So old is an answer when it comes: it is stale at once.
const AGE: &str = "10";

/// Content, which knows every video.
#[derive(Default)]
struct Content {
    fails: AtomicBool,
    seen: Mutex<Vec<HeaderMap>>,
}

impl Content {
    fn answer(&self, id: &str, headers: HeaderMap) -> axum::response::Response {
        self.seen.lock().unwrap().push(headers);
        if self.fails.load(Ordering::SeqCst) {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let owner: UserId = new_id();
        let state = json!({
            "video_id": id, "owner_id": owner, "version": 1, "state": "published", "visibility": "public",
            "duration_ms": 8000, "renditions": [{"name": "360p"}],
            "packaged": {"prefix": format!("packaged/{id}/"), "hls": "master.m3u8", "dash": "manifest.mpd"},
        });
        let caching = [(header::CACHE_CONTROL, CACHING), (header::VARY, "authorization"), (header::AGE, AGE)];
        (caching, state.to_string()).into_response()
    }
}

struct Scene {
    bed: Testbed,
    sessions: Component,
    content: Arc<Content>,
    video: VideoId,
}

impl Scene {
    async fn new() -> Scene {
        let content = Arc::new(Content::default());
        let asked = Arc::clone(&content);
        let answer = async move |Path(id): Path<String>, headers: HeaderMap| asked.answer(&id, headers);
        let router = Router::new().route("/v1/catalog/{id}", get(answer));
        let targets = vec![("content", serve(router).await)];
        let variables =
            vec![("cdn_base_url", "http://cdn/".to_owned()), ("playback_url_keys", RING.to_owned())];
        let bed =
            Testbed::without_database("playback", Setup { variables, targets, ..Setup::default() }).await;
        let sessions = bed.component(COMPONENT, playback_sessions::router);
        Scene { bed, sessions, content, video: new_id() }
    }

    async fn start(&self) -> Reply {
        let body = json!({"video_id": self.video, "device": {"id": "tv"}});
        let bearer = self.bed.bearer(new_id(), Role::Viewer);
        let headers = [("authorization", bearer.as_str()), ("traceparent", TRACE)];
        self.sessions.send(("POST", "/v1/playback/sessions"), &headers, Some(body)).await
    }

    /// Makes Redis forget the video.
    async fn forget(&self) {
        let words = ["DEL".to_owned(), format!("playback:video:{{{}}}", self.video)];
        let words = words.into_iter().map(String::into_bytes).collect();
        self.bed.bridge(COMPONENT).pipeline(vec![Operation::Command(words)]).await.unwrap();
    }
}

#[tokio::test]
async fn content_is_asked_in_the_platforms_name_and_within_the_trace() {
    let scene = Scene::new().await;
    let reply = scene.start().await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    assert_eq!(reply.json["served_from"], "catalog");
    let seen = scene.content.seen.lock().unwrap();
    let [headers] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(headers["authorization"], format!("Bearer {BRIDGE_TOKEN}"));
    assert_eq!(headers["traceparent"], TRACE);
}

#[tokio::test]
async fn while_content_fails_its_last_answer_counts() {
    let mut scene = Scene::new().await;
    assert_eq!(scene.start().await.status, 201);
    scene.forget().await;
    scene.content.fails.store(true, Ordering::SeqCst);
    let reply = scene.start().await;
    assert_eq!((reply.status, &reply.json["served_from"]), (201, &json!("catalog")), "{}", reply.json);
    scene.video = new_id();
    assert_eq!(scene.start().await.code(), "entitlement_unknown", "a video that was never asked for");
}

#[tokio::test]
async fn a_takedown_that_is_remembered_counts_over_an_earlier_answer_of_contents() {
    let scene = Scene::new().await;
    assert_eq!(scene.start().await.status, 201);
    scene.content.fails.store(true, Ordering::SeqCst);
    let owner: UserId = new_id();
    let blocked = json!({"video_id": scene.video, "owner_id": owner, "version": 2, "state": "blocked",
        "visibility": "public"});
    let blocked = serde_json::from_value::<Announcement>(blocked).unwrap().try_into().unwrap();
    let bounds = Bounds { patience_ms: 100, stale_ttl_ms: 900_000 };
    memory::keep_video(&*scene.bed.bridge(COMPONENT), &bounds, scene.video, &blocked).await.unwrap();
    scene.forget().await;
    let denied = scene.start().await;
    assert_eq!((denied.status, denied.code()), (403, "blocked"), "{}", denied.json);
}
