//! Videos for subscribers, and plans with more streams: as Subscription has told, with the stores and without.

use crate::scene::{LIMIT, PLAN_LEVEL, SESSIONS, STORES, Scene, expect, text};
use mcsp_ids::UserId;
use mcsp_testbed::{Component, Reply, new_id, unique};
use serde_json::{Value, json};

const STREAMS: usize = LIMIT + 2;

impl Scene {
    /// A video for subscribers of a plan, which Playback knows.
    async fn for_subscribers() -> Scene {
        let scene = Scene::new().await;
        scene.announce(2, "subscribers").await;
        scene
    }

    fn events(&self) -> Component {
        self.bed.component("playback-events", playback_events::router)
    }

    async fn told(&self, version: u64, state: &str, entitlements: Value) -> Reply {
        let kind = "mcsp.subscription.subscription.changed.v1";
        let data = json!({"user_id": self.user, "version": version, "state": state, "plan": "premium",
            "entitlements": entitlements});
        self.events().deliver(&unique(), kind, &data).await
    }

    async fn subscribed(&self, version: u64) {
        let plan = json!({"level": PLAN_LEVEL, "streams": STREAMS, "until": null});
        assert_eq!(self.told(version, "active", plan).await.status, 204);
    }

    async fn is_denied(&self, code: &str) {
        let denied = self.start().await;
        assert_eq!((denied.status, denied.code()), (403, code), "{}", denied.json);
        assert!(denied.json["detail"].is_string(), "it says what would help");
    }

    /// Starts and ends.
    async fn plays(&self, source: &str) {
        let session = expect(self.start().await, 201);
        assert_eq!(session["served_from"], source);
        assert_eq!(self.end(&session).await.status, 204);
    }
}

#[tokio::test]
async fn what_is_for_subscribers_is_played_by_those_whose_plan_will_do() {
    let scene = Scene::for_subscribers().await;
    scene.is_denied("subscription_required").await;
    let plan = |level: u32, until: Value| json!({"level": level, "streams": 1, "until": until, "devices": 9});
    let (past, ahead) = ("2026-01-01T00:00:00Z", "2999-01-01T00:00:00Z");
    for (version, (state, entitlements, code)) in (1..).zip([
        ("incomplete", json!(null), Some("subscription_required")),
        ("trialing", plan(PLAN_LEVEL, json!(ahead)), None),
        ("active", plan(PLAN_LEVEL - 1, json!(null)), Some("plan_too_low")),
        ("active", plan(PLAN_LEVEL + 1, json!(null)), None),
        ("past_due", plan(PLAN_LEVEL, json!(ahead)), None),
        ("past_due", plan(PLAN_LEVEL, json!(past)), Some("payment_past_due")),
        ("unpaid", json!(null), Some("payment_past_due")),
        ("canceled", plan(PLAN_LEVEL, json!(ahead)), None),
        ("canceled", plan(PLAN_LEVEL, json!(past)), Some("subscription_required")),
    ]) {
        assert_eq!(scene.told(version, state, entitlements).await.status, 204);
        match code {
            Some(code) => scene.is_denied(code).await,
            None => scene.plays("redis").await,
        }
    }
    scene.subscribed(3).await;
    scene.is_denied("subscription_required").await;
    scene.subscribed(20).await;
    scene.plays("redis").await;
}

#[tokio::test]
async fn its_owner_needs_no_plan() {
    let scene = Scene::for_subscribers().await;
    let own = Scene { user: UserId::from_uuid(uuid::Uuid::from_u128(7)), ..scene };
    own.plays("redis").await;
}

#[tokio::test]
async fn what_redis_does_not_know_postgres_tells_and_then_memory() {
    let scene = Scene::for_subscribers().await;
    scene.subscribed(1).await;
    scene.redis_loses("subscription").await;
    scene.plays("postgres").await;
    scene.down(&["postgres"], true);
    scene.plays("redis").await;
    scene.redis_loses("subscription").await;
    scene.plays("memory").await;
    let unseen = Scene { user: new_id(), ..scene };
    let denied = unseen.start().await;
    assert_eq!((denied.status, denied.code()), (503, "entitlement_unknown"), "whether it has a plan");
    unseen.down(&["postgres"], false);
    unseen.is_denied("subscription_required").await;
    unseen.down(&["postgres"], true);
    unseen.is_denied("subscription_required").await;
}

#[tokio::test]
async fn without_stores_what_is_remembered_of_a_plan_counts() {
    let scene = Scene::for_subscribers().await;
    scene.subscribed(1).await;
    scene.seen().await;
    scene.down(&STORES, true);
    scene.plays("memory").await;
    let unseen = Scene { user: new_id(), ..scene };
    let denied = unseen.start().await;
    assert_eq!((denied.status, denied.code()), (503, "entitlement_unknown"));
    unseen.down(&["postgres"], false);
    unseen.is_denied("subscription_required").await;
}

#[tokio::test]
async fn a_plan_has_as_many_streams_as_it_says_also_where_redis_has_lost_it() {
    let scene = Scene::new().await;
    scene.subscribed(1).await;
    let mut sessions = Vec::new();
    for number in 0..STREAMS {
        if number == LIMIT {
            scene.redis_loses("subscription").await;
        }
        sessions.push(expect(scene.start().await, 201));
    }
    scene.is_denied("too_many_streams").await;
    // All slots run out; then each that is heard of takes one again, as many as there are.
    scene.bed.pass(40);
    scene.redis_loses("subscription").await;
    for session in &sessions {
        expect(scene.beat(text(session, "renewal_path"), 1_000).await, 200);
    }
    scene.is_denied("too_many_streams").await;
    scene
        .until("the streams are remembered", async || {
            let account =
                playback_storage::memory::account(&*scene.bed.bridge(SESSIONS), scene.user, None).await;
            account.unwrap().streams().iter().count() == STREAMS
        })
        .await;
    scene.down(&STORES, true);
    scene.is_denied("too_many_streams").await;
    assert_eq!(scene.end(&sessions[0]).await.status, 204);
    expect(scene.start().await, 201);
    scene.is_denied("too_many_streams").await;
}

#[tokio::test]
async fn a_session_is_not_renewed_once_the_subscription_is_over() {
    let scene = Scene::for_subscribers().await;
    scene.subscribed(1).await;
    let session = scene.seen().await;
    scene.bed.pass(31 * 60);
    let renewed = expect(scene.beat(text(&session, "renewal_path"), 1_000).await, 200);
    assert!(renewed["manifests"]["hls"].is_string());
    assert_eq!(scene.told(2, "canceled", json!(null)).await.status, 204);
    scene.bed.pass(31 * 60);
    let path = text(&renewed, "renewal_path");
    assert_eq!(scene.beat(path, 2_000).await.code(), "subscription_required");
    scene.down(&STORES, true);
    assert_eq!(scene.beat(path, 2_000).await.code(), "subscription_required");
}

#[tokio::test]
async fn what_no_plan_has_is_refused_for_good() {
    let scene = Scene::new().await;
    for (state, entitlements) in [
        ("asleep", json!(null)),
        ("active", json!({"level": 0, "streams": 1})),
        ("active", json!({"level": 1, "streams": 1_000_000})),
        ("active", json!({"level": 1})),
    ] {
        let refused = scene.told(1, state, entitlements).await;
        assert_eq!((refused.status, refused.code()), (422, "malformed_event"));
    }
}

#[tokio::test]
async fn of_an_erased_account_no_subscription_is_kept() {
    let scene = Scene::for_subscribers().await;
    scene.subscribed(1).await;
    let erased = json!({"user_id": scene.user, "version": 9, "state": "erased"});
    assert_eq!(scene.events().deliver("erased", "mcsp.auth.account.erased.v1", &erased).await.status, 204);
    let bridge = scene.bed.bridge(SESSIONS);
    assert_eq!(playback_storage::subscriptions::find(&*bridge, scene.user).await.unwrap(), None);
    assert_eq!(
        playback_storage::subscriptions::cached(&*bridge, scene.user, scene.bed.now()).await.unwrap(),
        None
    );
}
