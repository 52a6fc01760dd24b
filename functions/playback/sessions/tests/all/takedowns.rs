//! Takedowns that another process has heard of, while Redis is away: Postgres has them, and they count here too after the next
//! answer.

use crate::scene::{PLAN_LEVEL, SESSIONS, STORES, Scene, expect, text};
use mcsp_bridge_api::postgres::{GuardedStatement, Transaction};
use mcsp_ids::UserId;
use playback_domain::{AccountState, Subscription};
use playback_storage::videos::{self, Announcement};
use playback_storage::{accounts, memory, subscriptions};
use serde_json::json;

/// Older than what is quite new.
const OLD_S: u64 = 11;

impl Scene {
    /// As the consumer of events in another process writes it.
    async fn another_process_writes(&self, statements: Vec<GuardedStatement>) {
        self.bed.bridge(SESSIONS).transact(Transaction::of(statements)).await.unwrap();
    }

    async fn another_process_hears_of_a_block(&self, version: u64) {
        let blocked = json!({"video_id": self.video, "owner_id": UserId::from_uuid(uuid::Uuid::from_u128(7)),
            "version": version, "state": "blocked", "visibility": "public"});
        let blocked: Announcement = serde_json::from_value(blocked).unwrap();
        let blocked = blocked.try_into().unwrap();
        self.another_process_writes(vec![videos::upsert(self.video, &blocked)]).await;
    }

    async fn remembered_account(&self) -> memory::Account {
        memory::account(&*self.bed.bridge(SESSIONS), self.user, None).await.unwrap()
    }

    async fn until_the_account_is(&self, state: AccountState) {
        self.until("the account's state is known here", async || {
            self.remembered_account().await.facts().state == state
        })
        .await;
    }

    async fn until_the_videos_version_is(&self, number: u64) {
        self.until("the new version is known here", async || {
            let copy = memory::video(&*self.bed.bridge(SESSIONS), self.video).await.unwrap();
            copy.is_some_and(|copy| copy.known.number == number)
        })
        .await;
    }

    async fn starts_from_memory(&self) {
        let session = expect(self.start().await, 201);
        assert_eq!(session["served_from"], "memory");
        assert_eq!(self.end(&session).await.status, 204);
    }

    async fn is_refused(&self, code: &str) {
        let denied = self.start().await;
        assert_eq!((denied.status, denied.code()), (403, code), "{}", denied.json);
    }
}

#[tokio::test]
async fn a_block_counts_here_after_the_next_start() {
    let scene = Scene::new().await;
    scene.seen().await;
    scene.until_the_video_is_remembered().await;
    scene.down(&["redis", "content"], true);
    scene.another_process_hears_of_a_block(2).await;
    scene.bed.memory_passes(OLD_S);
    scene.starts_from_memory().await;
    scene.until_the_videos_version_is(2).await;
    scene.is_refused("blocked").await;
}

#[tokio::test]
async fn a_suspension_counts_here_after_the_next_start_and_so_does_its_end() {
    let scene = Scene::new().await;
    scene.seen().await;
    scene.until_the_video_is_remembered().await;
    scene.down(&["redis", "content"], true);
    scene.another_process_writes(vec![accounts::upsert(scene.user, 2, AccountState::Suspended)]).await;
    scene.bed.memory_passes(OLD_S);
    scene.starts_from_memory().await;
    scene.until_the_account_is(AccountState::Suspended).await;
    scene.is_refused("account_suspended").await;
    scene.another_process_writes(vec![accounts::upsert(scene.user, 3, AccountState::Active)]).await;
    scene.bed.memory_passes(OLD_S);
    scene.is_refused("account_suspended").await;
    scene.until_the_account_is(AccountState::Active).await;
    scene.starts_from_memory().await;
}

#[tokio::test]
async fn a_suspended_account_that_was_not_seen_here_starts_nothing() {
    let scene = Scene::new().await;
    scene.seen().await;
    scene.until_the_video_is_remembered().await;
    let stranger = Scene { user: mcsp_testbed::new_id(), ..scene };
    stranger.another_process_writes(vec![accounts::upsert(stranger.user, 2, AccountState::Suspended)]).await;
    stranger.down(&["redis", "content"], true);
    stranger.is_refused("account_suspended").await;
}

#[tokio::test]
async fn a_session_of_a_suspended_account_ends_within_a_few_heartbeats() {
    let scene = Scene::new().await;
    let session = scene.seen().await;
    scene.down(&["redis", "content"], true);
    scene.another_process_writes(vec![accounts::upsert(scene.user, 2, AccountState::Suspended)]).await;
    let path = text(&session, "renewal_path");
    expect(scene.beat(path, 1_000).await, 200);
    // As often as the position is written to Postgres.
    scene.bed.pass(30);
    expect(scene.beat(path, 2_000).await, 200);
    scene.until_the_account_is(AccountState::Suspended).await;
    let denied = scene.beat(path, 3_000).await;
    assert_eq!((denied.status, denied.code()), (403, "account_suspended"));
}

#[tokio::test]
async fn a_plan_that_is_over_counts_here_after_the_next_start() {
    let scene = Scene::new().await;
    scene.announce(2, "subscribers").await;
    scene.subscribes(json!({"level": PLAN_LEVEL, "streams": 5})).await;
    scene.seen().await;
    scene.until_the_video_is_remembered().await;
    scene.down(&["redis", "content"], true);
    let canceled = Subscription { entitlements: None, is_past_due: false };
    let statements = subscriptions::upsert(scene.user, 2, &canceled).into();
    scene.another_process_writes(statements).await;
    scene.bed.memory_passes(OLD_S);
    scene.starts_from_memory().await;
    scene
        .until("the new plan is known here", async || {
            let plan = scene.remembered_account().await.facts().subscription;
            plan.is_some_and(|plan| plan.known.version == 2)
        })
        .await;
    scene.is_refused("subscription_required").await;
}

#[tokio::test]
async fn without_postgres_old_copies_answer_too() {
    let scene = Scene::new().await;
    scene.seen().await;
    scene.until_the_video_is_remembered().await;
    scene.down(&STORES, true);
    scene.bed.memory_passes(OLD_S);
    let session = expect(scene.start().await, 201);
    assert_eq!(session["served_from"], "memory");
    assert!(session["stale_ms"].as_u64().unwrap() >= OLD_S * 1_000);
}
