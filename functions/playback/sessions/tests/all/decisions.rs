//! What Admin decides, as Playback hears it by itself: it counts though Content and Auth have told nothing of it, and is given back once
//! they have.

use crate::scene::{RING, SESSIONS, STORES, Scene, expect, text};
use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use mcsp_bridge_api::postgres::{GuardedStatement, Transaction};
use mcsp_ids::UserId;
use mcsp_testbed::{Reply, Setup, Testbed, new_id, serve};
use playback_domain::{AccountState, Decision};
use playback_storage::videos::{self, Known};
use playback_storage::{accounts, memory};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// More than half of the URLs' time.
const RENEWED_AFTER_S: i64 = 40 * 60;
/// Older than what is quite new.
const OLD_S: u64 = 11;
const DENIED: Decision = Decision { version: 1, denies: true };

/// What Content says of a video.
fn told(video: &str, version: u64, state: &str) -> Value {
    json!({
        "video_id": video, "owner_id": UserId::from_uuid(uuid::Uuid::from_u128(7)), "version": version,
        "state": state, "visibility": "public", "duration_ms": 8000, "renditions": [{"name": "360p"}],
        "packaged": {"prefix": format!("packaged/{video}/"), "hls": "master.m3u8", "dash": "manifest.mpd"},
    })
}

/// A video that no store of Playback's knows, and Content, which says that it is published.
async fn with_content() -> Scene {
    with_content_at(&Arc::new(AtomicU64::new(1))).await
}

/// In this version.
async fn with_content_at(version: &Arc<AtomicU64>) -> Scene {
    let version = Arc::clone(version);
    let answer = async move |Path(id): Path<String>| {
        told(&id, version.load(Ordering::SeqCst), "published").to_string()
    };
    let router = Router::new().route("/v1/catalog/{id}", get(answer));
    let targets = vec![("content", serve(router).await)];
    let variables = vec![("cdn_base_url", "http://cdn/".to_owned()), ("playback_url_keys", RING.to_owned())];
    let bed = Testbed::new("playback", Setup { variables, targets, ..Setup::default() }).await;
    let sessions = bed.component(SESSIONS, playback_sessions::router);
    let positions = bed.component("playback-positions", playback_positions::router);
    Scene { bed, sessions, positions, user: new_id(), video: new_id() }
}

impl Scene {
    /// Another video, and another viewer.
    async fn anew(self) -> Scene {
        let scene = Scene { user: new_id(), video: new_id(), ..self };
        scene.announce(1, "public").await;
        scene
    }

    fn video_decided(&self, version: u64, blocked: bool) -> Value {
        json!({"video_id": self.video, "version": version, "blocked": blocked})
    }

    async fn decides_on_video(&self, version: u64, blocked: bool) {
        let verb = if blocked { "blocked" } else { "restored" };
        self.hears(&format!("mcsp.admin.video.{verb}.v1"), self.video_decided(version, blocked)).await;
    }

    async fn decides_on_account(&self, version: u64, suspended: bool) {
        let verb = if suspended { "suspended" } else { "reinstated" };
        let data = json!({"user_id": self.user, "version": version, "suspended": suspended});
        self.hears(&format!("mcsp.admin.account.{verb}.v1"), data).await;
    }

    async fn content_tells(&self, version: u64, state: &str) {
        let data = told(&self.video.to_string(), version, state);
        self.hears("mcsp.content.video.changed.v1", data).await;
    }

    async fn auth_tells(&self, version: u64, state: &str) {
        let data = json!({"user_id": self.user, "version": version, "state": state});
        self.hears("mcsp.auth.account.changed.v1", data).await;
    }

    /// Playback's events component takes this event, or says why not.
    async fn takes(&self, id: &str, kind: &str, data: &Value) -> Reply {
        self.bed.component("playback-events", playback_events::router).deliver(id, kind, data).await
    }

    /// As another process writes it, which alone has heard of it.
    async fn another_process_keeps(&self, decided: GuardedStatement) {
        self.bed.bridge(SESSIONS).transact(Transaction::of(vec![decided])).await.unwrap();
    }

    async fn is_kept_back(&self, code: &str) {
        let denied = self.start().await;
        assert_eq!((denied.status, denied.code()), (403, code), "{}", denied.json);
    }

    async fn plays_from(&self, source: &str) {
        let session = expect(self.start().await, 201);
        assert_eq!(session["served_from"], source);
        assert_eq!(self.end(&session).await.status, 204);
    }

    async fn beats_to(&self, session: &Value, code: &str) {
        let denied = self.beat(text(session, "renewal_path"), 1_000).await;
        assert_eq!((denied.status, denied.code()), (403, code), "{}", denied.json);
    }

    async fn redis_forgets_the_video(&self) {
        videos::forget(&*self.bed.bridge(SESSIONS), self.video).await.unwrap();
    }

    /// The version of the video that counts.
    async fn counted(&self) -> u64 {
        let found = videos::find(&*self.bed.bridge(SESSIONS), self.video).await.unwrap();
        let number = |known| match known {
            Known::Told(version) => Some(version.number),
            Known::Decided(_) => None,
        };
        found.and_then(number).unwrap()
    }

    /// Content's, as it is stored.
    async fn stored(&self) -> i64 {
        self.bed.ask(&format!("SELECT version FROM videos WHERE id = '{}'", self.video.uuid())).await
    }

    async fn account_counted(&self) -> Option<(u64, AccountState)> {
        accounts::find(&*self.bed.bridge(SESSIONS), self.user).await.unwrap()
    }
}

#[tokio::test]
async fn a_block_counts_though_content_has_told_nothing() {
    let scene = Scene::new().await;
    let session = scene.seen().await;
    scene.decides_on_video(1, true).await;
    scene.is_kept_back("blocked").await;
    scene.bed.pass(RENEWED_AFTER_S);
    scene.beats_to(&session, "blocked").await;
}

#[tokio::test]
async fn a_suspension_counts_though_auth_has_told_nothing() {
    let scene = Scene::new().await;
    let session = scene.seen().await;
    scene.decides_on_account(1, true).await;
    scene.is_kept_back("account_suspended").await;
    scene.beats_to(&session, "account_suspended").await;
    let somebody = Scene { user: new_id(), ..scene };
    somebody.plays_from("redis").await;
}

#[tokio::test]
async fn the_latest_decision_counts_in_whatever_order_and_however_often_they_come() {
    let told = [(1, true), (2, false), (3, true), (2, false), (3, true), (1, true)];
    let mut scene = Scene::new().await;
    for first in 0..told.len() {
        scene = scene.anew().await;
        for (version, denies) in told.into_iter().cycle().skip(first).take(told.len()) {
            scene.decides_on_video(version, denies).await;
            scene.decides_on_account(version, denies).await;
        }
        scene.is_kept_back("account_suspended").await;
        scene.decides_on_account(4, false).await;
        scene.is_kept_back("blocked").await;
        scene.decides_on_video(4, false).await;
        scene.plays_from("redis").await;
    }
}

#[tokio::test]
async fn a_video_is_given_back_once_content_and_admin_have_both_said_so() {
    let mut scene = Scene::new().await;
    for content_is_first in [true, false] {
        scene = scene.anew().await;
        scene.decides_on_video(1, true).await;
        scene.content_tells(2, "blocked").await;
        if content_is_first {
            scene.content_tells(3, "published").await;
        } else {
            scene.decides_on_video(2, false).await;
        }
        scene.is_kept_back("blocked").await;
        if content_is_first {
            scene.decides_on_video(2, false).await;
        } else {
            scene.content_tells(3, "published").await;
        }
        scene.plays_from("redis").await;
    }
}

#[tokio::test]
async fn an_account_is_given_back_once_auth_and_admin_have_both_said_so() {
    let mut scene = Scene::new().await;
    for auth_is_first in [true, false] {
        scene = scene.anew().await;
        scene.auth_tells(1, "active").await;
        scene.decides_on_account(1, true).await;
        scene.auth_tells(2, "suspended").await;
        if auth_is_first {
            scene.auth_tells(3, "active").await;
        } else {
            scene.decides_on_account(2, false).await;
        }
        scene.is_kept_back("account_suspended").await;
        if auth_is_first {
            scene.decides_on_account(2, false).await;
        } else {
            scene.auth_tells(3, "active").await;
        }
        scene.plays_from("redis").await;
    }
}

#[tokio::test]
async fn what_is_gone_for_good_stays_gone() {
    let scene = Scene::new().await;
    scene.content_tells(2, "deleted").await;
    scene.decides_on_video(1, true).await;
    let gone = scene.start().await;
    assert_eq!((gone.status, gone.code()), (404, "not_found"));
    scene.auth_tells(1, "erased").await;
    scene.decides_on_account(1, true).await;
    assert_eq!(scene.account_counted().await, Some((2, AccountState::Erased)));
}

#[tokio::test]
async fn versions_grow_with_either_and_are_contents_own_without_a_decision() {
    let scene = Scene::new().await;
    assert_eq!(scene.counted().await, 1);
    for (decided, told, number) in
        [(Some(1), None, 2), (Some(1), None, 2), (None, Some(2), 3), (Some(2), None, 4)]
    {
        if let Some(version) = decided {
            scene.decides_on_video(version, version == 1).await;
        }
        if let Some(version) = told {
            scene.content_tells(version, "published").await;
        }
        assert_eq!(scene.counted().await, number);
        let bridge = scene.bed.bridge(SESSIONS);
        let cached = videos::cached(&*bridge, scene.video, scene.bed.now()).await.unwrap().unwrap();
        let copy = memory::video(&*bridge, scene.video).await.unwrap().unwrap();
        assert_eq!((cached.version.number, copy.known.number), (number, number));
    }
    assert_eq!(scene.stored().await, 2);

    assert_eq!(scene.account_counted().await, None);
    scene.decides_on_account(3, true).await;
    assert_eq!(scene.account_counted().await, Some((3, AccountState::Suspended)));
    scene.auth_tells(1, "closed").await;
    assert_eq!(scene.account_counted().await, Some((4, AccountState::Suspended)));
    scene.decides_on_account(4, false).await;
    assert_eq!(scene.account_counted().await, Some((5, AccountState::Closed)));
}

#[tokio::test]
async fn a_decision_that_comes_before_contents_first_event_counts_with_it() {
    let scene = Scene { video: new_id(), ..Scene::new().await };
    scene.decides_on_video(1, true).await;
    scene.content_tells(1, "published").await;
    scene.is_kept_back("blocked").await;
    scene.decides_on_video(2, false).await;
    scene.plays_from("redis").await;
}

#[tokio::test]
async fn a_decision_counts_over_what_contents_catalog_says() {
    let scene = with_content().await;
    scene.decides_on_video(1, true).await;
    scene.is_kept_back("blocked").await;
    assert_eq!((scene.counted().await, scene.stored().await), (2, 1), "what is Content's is stored as that");
    scene.decides_on_video(2, false).await;
    scene.plays_from("redis").await;
}

#[tokio::test]
async fn what_was_taken_from_the_catalog_alone_is_looked_for_again_after_a_decision() {
    let scene = with_content().await;
    scene.down(&["postgres"], true);
    scene.plays_from("catalog").await;
    scene.down(&["postgres"], false);
    scene.decides_on_video(1, true).await;
    scene.is_kept_back("blocked").await;
    assert_eq!((scene.counted().await, scene.stored().await), (2, 1));
}

#[tokio::test]
async fn a_copy_of_the_catalogs_word_alone_is_no_answer_after_a_decision() {
    let scene = with_content().await;
    scene.down(&["postgres"], true);
    scene.plays_from("catalog").await;
    scene.until_the_video_is_remembered().await;
    scene.down(&["postgres"], false);
    scene.down(&["content"], true);
    scene.another_process_keeps(videos::upsert_decision(scene.video, DENIED)).await;
    scene.redis_forgets_the_video().await;
    let denied = scene.start().await;
    assert_eq!((denied.status, denied.code()), (503, "entitlement_unknown"), "{}", denied.json);
    scene.down(&["content"], false);
    scene.is_kept_back("blocked").await;
}

#[tokio::test]
async fn a_block_counts_where_redis_has_lost_it_and_where_stores_are_away() {
    let scene = Scene::new().await;
    scene.seen().await;
    scene.decides_on_video(1, true).await;
    scene.redis_forgets_the_video().await;
    scene.is_kept_back("blocked").await;
    for away in [&STORES[..1], &STORES] {
        scene.down(away, true);
        scene.is_kept_back("blocked").await;
    }
}

#[tokio::test]
async fn a_block_that_is_remembered_counts_over_what_content_says_where_postgres_is_away() {
    let content = Arc::new(AtomicU64::new(1));
    let scene = with_content_at(&content).await;
    scene.plays_from("catalog").await;
    scene.decides_on_video(1, true).await;
    scene.down(&["postgres"], true);
    // Its owner goes on with it, and Content has heard of no decision.
    for version in 1..5 {
        content.store(version, Ordering::SeqCst);
        scene.redis_forgets_the_video().await;
        scene.is_kept_back("blocked").await;
    }
}

#[tokio::test]
async fn what_content_says_while_postgres_is_away_does_not_stand_against_a_decision() {
    // As many in all as Content has alone, and fewer.
    for (told, counted) in [(5, 6), (4, 5)] {
        let scene = with_content_at(&Arc::new(AtomicU64::new(6))).await;
        scene.content_tells(told, "published").await;
        scene.redis_forgets_the_video().await;
        scene.down(&["postgres"], true);
        scene.plays_from("catalog").await;
        scene.down(&["postgres"], false);
        // Of Content's sixth version nothing was heard yet.
        scene.decides_on_video(1, true).await;
        assert_eq!(scene.counted().await, counted);
        scene.is_kept_back("blocked").await;
        scene.down(&["redis", "content"], true);
        scene.is_kept_back("blocked").await;
    }
}

#[tokio::test]
async fn what_content_says_while_postgres_is_away_is_asked_for_again_soon() {
    let scene = with_content_at(&Arc::new(AtomicU64::new(6))).await;
    scene.down(&["postgres"], true);
    let session = expect(scene.start().await, 201);
    assert_eq!((&session["served_from"], &session["stale_ms"]), (&json!("catalog"), &json!(1)));
    let session = expect(scene.start().await, 201);
    assert_eq!(session["served_from"], "redis");
    assert!(session["stale_ms"].as_u64().unwrap() > 0, "no store has confirmed it");
    // Postgres has, and Redis takes it though the version is the same.
    scene.down(&["postgres"], false);
    scene.content_tells(6, "published").await;
    assert_eq!(expect(scene.start().await, 201)["stale_ms"], 0);
}

#[tokio::test]
async fn a_suspension_counts_where_stores_are_away() {
    let scene = Scene::new().await;
    let session = scene.seen().await;
    scene.until_the_video_is_remembered().await;
    scene.decides_on_account(1, true).await;
    for away in [&STORES[..1], &STORES] {
        scene.down(away, true);
        scene.is_kept_back("account_suspended").await;
        scene.beats_to(&session, "account_suspended").await;
    }
}

#[tokio::test]
async fn what_another_process_has_heard_of_counts_here_after_the_next_start() {
    let scene = Scene::new().await;
    scene.seen().await;
    scene.until_the_video_is_remembered().await;
    scene.down(&["redis", "content"], true);
    scene.another_process_keeps(videos::upsert_decision(scene.video, DENIED)).await;
    scene.bed.memory_passes(OLD_S);
    scene.plays_from("memory").await;
    scene
        .until("the block is known here", async || {
            let copy = memory::video(&*scene.bed.bridge(SESSIONS), scene.video).await.unwrap();
            copy.is_some_and(|copy| copy.known.number == 2)
        })
        .await;
    scene.is_kept_back("blocked").await;

    // Of an account that was not seen here Postgres is asked first.
    let stranger = Scene { user: new_id(), ..scene };
    stranger.another_process_keeps(accounts::upsert_decision(stranger.user, DENIED)).await;
    stranger.is_kept_back("account_suspended").await;
}

#[tokio::test]
async fn a_decision_that_redis_could_not_be_told_of_waits_for_it() {
    let scene = Scene::new().await;
    scene.seen().await;
    let (kind, blocked) = ("mcsp.admin.video.blocked.v1", scene.video_decided(1, true));
    scene.down(&["redis"], true);
    for _ in 0..2 {
        let waits = scene.takes("blocked", kind, &blocked).await;
        assert_eq!((waits.status, waits.headers.contains_key("mcsp-waits-for")), (503, true));
    }
    scene.down(&["redis"], false);
    assert_eq!(scene.takes("blocked", kind, &blocked).await.status, 204);
    scene.is_kept_back("blocked").await;
}

#[tokio::test]
async fn what_is_no_decision_is_refused_for_good_and_what_is_none_of_ours_is_passed_over() {
    let scene = Scene::new().await;
    let (video, account) = ("mcsp.admin.video.blocked.v1", "mcsp.admin.account.suspended.v1");
    for (kind, data) in [
        (video, json!({"video_id": scene.video, "version": 1})),
        (video, json!({"video_id": scene.user, "version": 1, "blocked": true})),
        (video, json!({"video_id": scene.video, "version": -1, "blocked": true})),
        (account, json!({"user_id": scene.user, "version": 1, "suspended": "yes"})),
        (account, json!({"version": 1, "suspended": true})),
    ] {
        let refused = scene.takes("1", kind, &data).await;
        assert_eq!((refused.status, refused.code()), (422, "malformed_event"), "{data}");
    }
    let other = json!({"comment_id": "1", "version": 1, "removed": true});
    assert_eq!(scene.takes("2", "mcsp.admin.comment.removed.v1", &other).await.status, 204);
    scene.plays_from("redis").await;
}
