//! Events while Redis is away, and of accounts that are erased: what Postgres has Redis hears of in the end, and what is
//! erased does not come back.

use crate::scene::{SESSIONS, Scene, expect};
use mcsp_testbed::Reply;
use playback_storage::{memory, subscriptions};
use serde_json::{Value, json};

const ACCOUNT: &str = "mcsp.auth.account.changed.v1";
const SUBSCRIPTION: &str = "mcsp.subscription.subscription.changed.v1";

impl Scene {
    async fn deliver(&self, id: &str, kind: &str, data: &Value) -> Reply {
        self.bed.component("playback-events", playback_events::router).deliver(id, kind, data).await
    }

    fn account(&self, version: u64, state: &str) -> Value {
        json!({"user_id": self.user, "version": version, "state": state})
    }

    fn plan(&self, version: u64) -> Value {
        json!({"user_id": self.user, "version": version, "state": "active",
            "entitlements": {"level": 1, "streams": 5}})
    }

    async fn erase(&self) {
        let erased = self.account(9, "erased");
        self.hears("mcsp.auth.account.erased.v1", erased).await;
    }

    async fn assert_no_plan_is_known(&self) {
        let bridge = self.bed.bridge(SESSIONS);
        assert_eq!(subscriptions::find(&*bridge, self.user).await.unwrap(), None);
        assert!(subscriptions::cached(&*bridge, self.user, self.bed.now()).await.unwrap().is_none());
        let account = memory::account(&*bridge, self.user, None).await.unwrap();
        assert_eq!(account.facts().standing().subscription, None);
    }
}

fn waits(reply: &Reply) -> bool {
    reply.status == 503 && reply.headers.contains_key("mcsp-waits-for")
}

#[tokio::test]
async fn a_suspension_that_redis_could_not_be_told_of_waits_for_it() {
    let scene = Scene::new().await;
    expect(scene.start().await, 201);
    let suspended = scene.account(2, "suspended");
    scene.down(&["redis"], true);
    for _ in 0..3 {
        assert!(waits(&scene.deliver("suspended", ACCOUNT, &suspended).await));
    }
    scene.down(&["redis"], false);
    expect(scene.start().await, 201);
    assert_eq!(scene.deliver("suspended", ACCOUNT, &suspended).await.status, 204);
    assert_eq!(scene.start().await.code(), "account_suspended");
}

#[tokio::test]
async fn an_event_that_postgres_cannot_take_now_waits_and_one_that_it_never_can_does_not() {
    let scene = Scene::new().await;
    scene.down(&["postgres"], true);
    assert!(waits(&scene.deliver("plan", SUBSCRIPTION, &scene.plan(1)).await));
    let poison = scene.deliver("poison", ACCOUNT, &scene.account(1, "asleep")).await;
    assert_eq!((poison.status, poison.headers.contains_key("mcsp-waits-for")), (422, false));
}

#[tokio::test]
async fn what_redis_has_of_an_erased_account_goes_once_it_is_back() {
    let scene = Scene::new().await;
    scene.seen().await;
    expect(scene.write_position(2_000).await, 200);
    let erased = scene.account(9, "erased");
    scene.down(&["redis"], true);
    assert!(waits(&scene.deliver("erased", "mcsp.auth.account.erased.v1", &erased).await));
    scene.down(&["redis"], false);
    assert!(scene.in_redis().await.is_some());
    assert_eq!(scene.deliver("erased", "mcsp.auth.account.erased.v1", &erased).await.status, 204);
    assert_eq!(scene.in_redis().await, None);
}

#[tokio::test]
async fn of_an_erased_account_no_later_subscription_is_kept() {
    let scene = Scene::new().await;
    assert_eq!(scene.deliver("first", SUBSCRIPTION, &scene.plan(1)).await.status, 204);
    scene.erase().await;
    let canceled = json!({"user_id": scene.user, "version": 2, "state": "canceled", "entitlements": null});
    assert_eq!(scene.deliver("canceled", SUBSCRIPTION, &canceled).await.status, 204);
    scene.assert_no_plan_is_known().await;
    assert_eq!(scene.deliver("late", SUBSCRIPTION, &scene.plan(3)).await.status, 204);
    scene.assert_no_plan_is_known().await;
}

#[tokio::test]
async fn a_subscription_that_is_told_again_after_the_erasure_does_not_come_back() {
    let scene = Scene::new().await;
    assert_eq!(scene.deliver("first", SUBSCRIPTION, &scene.plan(1)).await.status, 204);
    scene.erase().await;
    assert_eq!(scene.deliver("first", SUBSCRIPTION, &scene.plan(1)).await.status, 204);
    scene.assert_no_plan_is_known().await;
}
