//! A viewer and a published video, on real stores that can be cut off.

use mcsp_access::Role;
use mcsp_bridge_api::redis::Operation;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Component, Reply, Setup, Testbed, new_id, unique};
use playback_domain::Position;
use playback_storage::positions::{self, Known};
use playback_storage::videos::{self, Announcement};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub const RING: &str = r#"[{"id":"k1","secret":"a secret of enough bytes for a key"}]"#;
pub const SESSIONS: &str = "playback-sessions";
pub const STORES: [&str; 3] = ["redis", "postgres", "content"];
pub const LIMIT: usize = 3;
/// Of the plan that a video for subscribers asks for.
pub const PLAN_LEVEL: u32 = 2;
/// What happens after an answer takes a moment, on a busy machine a long one.
const MOMENT: Duration = Duration::from_secs(60);

pub struct Scene {
    pub bed: Testbed,
    pub sessions: Component,
    pub positions: Component,
    pub user: UserId,
    pub video: VideoId,
}

impl Scene {
    /// A published video that the stores know, and a viewer whom nobody has seen.
    pub async fn new() -> Scene {
        Scene::with("900").await
    }

    pub async fn with(stale_ttl_s: &str) -> Scene {
        Scene::where_also("stale_ttl_s", stale_ttl_s.to_owned()).await
    }

    /// With another value of a variable.
    pub async fn where_also(variable: &'static str, value: String) -> Scene {
        let variables = vec![
            ("cdn_base_url", "http://cdn/".to_owned()),
            ("playback_url_keys", RING.to_owned()),
            (variable, value),
        ];
        let bed = Testbed::new("playback", Setup { variables, ..Setup::default() }).await;
        let sessions = bed.component(SESSIONS, playback_sessions::router);
        let positions = bed.component("playback-positions", playback_positions::router);
        let scene = Scene { bed, sessions, positions, user: new_id(), video: new_id() };
        scene.announce(1, "public").await;
        scene
    }

    /// What Content says of the video, in both stores.
    pub async fn announce(&self, version: u64, visibility: &str) {
        let level = (visibility == "subscribers").then_some(PLAN_LEVEL);
        self.announce_with(version, json!({"visibility": visibility, "minimum_plan_level": level})).await;
    }

    /// The same of a public one, with these differences.
    pub async fn announce_with(&self, version: u64, differences: Value) {
        let video = self.video;
        let mut announced = json!({
            "video_id": video, "owner_id": UserId::from_uuid(uuid::Uuid::from_u128(7)), "version": version,
            "state": "published", "visibility": "public", "duration_ms": 8000, "renditions": [{"name": "360p"}],
            "packaged": {"prefix": format!("packaged/{video}/"), "hls": "master.m3u8", "dash": "manifest.mpd"},
        });
        for (name, value) in differences.as_object().into_iter().flatten() {
            announced[name] = value.clone();
        }
        let announced: Announcement = serde_json::from_str(&announced.to_string()).unwrap();
        let version = announced.try_into().unwrap();
        let bridge = self.bed.bridge(SESSIONS);
        let statements = vec![videos::upsert(video, &version)];
        let transaction =
            mcsp_bridge_api::postgres::Transaction { consumed_event: None, statements, events: vec![] };
        bridge.transact(transaction).await.unwrap();
        videos::keep(&*bridge, video, &version).await.unwrap();
    }

    /// Playback hears of something that is not its own.
    pub async fn hears(&self, kind: &str, data: Value) {
        let events = self.bed.component("playback-events", playback_events::router);
        assert_eq!(events.deliver(&unique(), kind, &data).await.status, 204);
    }

    /// Playback hears that the account has a plan, for the first time.
    pub async fn subscribes(&self, entitlements: Value) {
        let plan =
            json!({"user_id": self.user, "version": 1, "state": "active", "entitlements": entitlements});
        self.hears("mcsp.subscription.subscription.changed.v1", plan).await;
    }

    /// Makes Redis forget what it has of the account.
    pub async fn redis_loses(&self, what: &str) {
        let words = ["DEL".to_owned(), format!("playback:{{{}}}:{what}", self.user)];
        let words = words.into_iter().map(String::into_bytes).collect();
        self.bed.bridge(SESSIONS).pipeline(vec![Operation::Command(words)]).await.unwrap();
    }

    pub fn down(&self, stores: &[&str], down: bool) {
        stores.iter().for_each(|store| self.bed.set_down(store, down));
    }

    pub async fn send(&self, component: &Component, request: (&str, &str), body: Option<Value>) -> Reply {
        self.send_as(self.user, component, request, body).await
    }

    pub async fn send_as(
        &self,
        user: UserId,
        component: &Component,
        request: (&str, &str),
        body: Option<Value>,
    ) -> Reply {
        let bearer = self.bed.bearer(user, Role::Viewer);
        component.send(request, &[("authorization", &bearer)], body).await
    }

    pub async fn start(&self) -> Reply {
        let body = json!({"video_id": self.video, "device": {"id": "tv"}});
        self.send(&self.sessions, ("POST", "/v1/playback/sessions"), Some(body)).await
    }

    pub async fn start_under(&self, key: &str, device: &str) -> Reply {
        let bearer = self.bed.bearer(self.user, Role::Viewer);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        let body = json!({"video_id": self.video, "device": {"id": device}});
        self.sessions.send(("POST", "/v1/playback/sessions"), &headers, Some(body)).await
    }

    /// A second later than what was before: of two positions of the same time the first one counts.
    pub async fn beat(&self, path: &str, position_ms: u64) -> Reply {
        self.bed.pass(1);
        let body = json!({"position_ms": position_ms, "state": "playing"});
        self.send(&self.sessions, ("PUT", path), Some(body)).await
    }

    pub async fn end(&self, session: &Value) -> Reply {
        self.send(&self.sessions, ("DELETE", text(session, "end_path")), None).await
    }

    pub async fn read_position(&self) -> Reply {
        let path = format!("/v1/playback/positions/{}", self.video);
        self.send(&self.positions, ("GET", &path), None).await
    }

    pub async fn write_position(&self, position_ms: u64) -> Reply {
        self.bed.pass(1);
        let path = format!("/v1/playback/positions/{}", self.video);
        let body = json!({"position_ms": position_ms});
        self.send(&self.positions, ("PUT", &path), Some(body)).await
    }

    /// Waits until the bridge's memory has the video, whatever becomes of the stores.
    pub async fn until_the_video_is_remembered(&self) {
        self.until("the video is remembered", async || {
            let bridge = self.bed.bridge(SESSIONS);
            playback_storage::memory::video(&*bridge, self.video).await.unwrap().is_some()
        })
        .await;
    }

    /// Waits for what is done after answers.
    pub async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let begun = Instant::now();
        while !is_so().await {
            assert!(begun.elapsed() < MOMENT, "{what}: not within {MOMENT:?}");
            tokio::task::yield_now().await;
        }
    }

    /// Plays once while all is well, so that the video and the viewer are remembered.
    pub async fn seen(&self) -> Value {
        let session = expect(self.start().await, 201);
        assert_eq!(session["served_from"], "redis");
        let user = self.user;
        self.until("the viewer is remembered", async || {
            let bridge = self.bed.bridge(SESSIONS);
            let account = playback_storage::memory::account(&*bridge, user, None).await.unwrap();
            account.streams().iter().next().is_some()
        })
        .await;
        session
    }

    pub async fn in_redis(&self) -> Option<Position> {
        let bridge = self.bed.bridge(SESSIONS);
        match positions::known(&*bridge, self.user, self.video).await.unwrap() {
            Known::Yes(position) => position,
            Known::No | Known::NotAmongNewest => None,
        }
    }

    pub async fn in_postgres(&self) -> Option<Position> {
        let bridge = self.bed.bridge(SESSIONS);
        positions::find_in_postgres(&*bridge, self.user, self.video).await.unwrap()
    }
}

#[track_caller]
pub fn expect(reply: Reply, status: u16) -> Value {
    assert_eq!(reply.status, status, "{}", reply.json);
    reply.json
}

pub fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json[name].as_str().unwrap()
}
