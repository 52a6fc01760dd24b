//! What is remembered after an answer may come late: it takes the place of nothing that is later.

use crate::scene::{SESSIONS, Scene};
use playback_domain::{AccountState, Position, Subscription};
use playback_storage::memory::{self, Seen};
use playback_storage::videos::{Announcement, Source, Version};
use playback_storage::{AccountFacts, Bounds, Fact, Subscribed};
use serde_json::json;

const BOUNDS: Bounds = Bounds { patience_ms: 100, stale_ttl_ms: 900_000 };

impl Scene {
    fn version(&self, number: u64) -> Version {
        let announced = json!({"video_id": self.video, "owner_id": self.user, "version": number,
            "state": "unpublished", "visibility": "public"});
        serde_json::from_value::<Announcement>(announced).unwrap().try_into().unwrap()
    }

    /// As a start saw it.
    async fn remembers(&self, seen: Seen) {
        memory::remember(&*self.bed.bridge(SESSIONS), &BOUNDS, seen).await.unwrap();
    }

    async fn remembers_account(&self, state: (u64, AccountState), plan: u64, stale_ms: u64) {
        let known = Subscribed { version: plan, subscription: None };
        let subscription = Some(Fact { known, source: Source::Redis, stale_ms });
        let account = AccountFacts { state: state.1, state_version: state.0, subscription };
        self.remembers(Seen { account: Some(account), ..Seen::nothing_of(self.user) }).await;
    }

    async fn account_known(&self) -> (AccountState, Option<u64>) {
        let account = memory::account(&*self.bed.bridge(SESSIONS), self.user, None).await.unwrap();
        (account.facts().state, account.facts().subscription.map(|plan| plan.known.version))
    }

    async fn position_known(&self) -> Option<Position> {
        let known = memory::position(&*self.bed.bridge(SESSIONS), self.user, self.video).await.unwrap();
        known.and_then(|known| known.position)
    }
}

#[tokio::test]
async fn an_earlier_version_of_a_video_does_not_come_back() {
    let scene = Scene::new().await;
    let bridge = scene.bed.bridge(SESSIONS);
    for (seen, event, known) in [(1, 2, 2), (1, 1, 2), (3, 2, 3)] {
        memory::keep_video(&*bridge, &BOUNDS, scene.video, &scene.version(event)).await.unwrap();
        let version = Some((scene.video, scene.version(seen)));
        scene.remembers(Seen { version, ..Seen::nothing_of(scene.user) }).await;
        let copy = memory::video(&*bridge, scene.video).await.unwrap().unwrap();
        assert_eq!(copy.known.number, known, "{seen} after {event}");
    }
}

#[tokio::test]
async fn an_earlier_state_of_an_account_and_an_earlier_plan_do_not_come_back() {
    let scene = Scene::new().await;
    let bridge = scene.bed.bridge(SESSIONS);
    let plan = Subscription { entitlements: None, is_past_due: false };
    memory::keep_account(&*bridge, &BOUNDS, scene.user, (2, AccountState::Suspended)).await.unwrap();
    memory::keep_subscription(&*bridge, &BOUNDS, scene.user, (5, Some(&plan))).await.unwrap();
    for (version, plan) in [(0, 0), (1, 4)] {
        scene.remembers_account((version, AccountState::Active), plan, 0).await;
        assert_eq!(scene.account_known().await, (AccountState::Suspended, Some(5)));
    }
    scene.remembers_account((3, AccountState::Active), 6, 0).await;
    assert_eq!(scene.account_known().await, (AccountState::Active, Some(6)));
    scene.remembers_account((3, AccountState::Active), 7, 1).await;
    assert_eq!(scene.account_known().await.1, Some(6), "no store has confirmed it");
    memory::forget_subscription(&*bridge, &BOUNDS, scene.user).await.unwrap();
    scene.remembers_account((3, AccountState::Active), 8, 0).await;
    let account = memory::account(&*bridge, scene.user, None).await.unwrap();
    assert_eq!(account.facts().standing().subscription, None, "the account is erased");
}

#[tokio::test]
async fn an_earlier_position_does_not_come_back_nor_one_that_was_forgotten() {
    let scene = Scene::new().await;
    let bridge = scene.bed.bridge(SESSIONS);
    let at = |ms: u64| Position::kept(Some(ms), i64::try_from(ms).unwrap()).unwrap();
    let seen = async |position: Option<Position>| {
        let positions = vec![(scene.video, position)];
        scene.remembers(Seen { positions, ..Seen::nothing_of(scene.user) }).await;
    };
    seen(Some(at(2_000))).await;
    for late in [Some(at(1_000)), None] {
        seen(late).await;
        assert_eq!(scene.position_known().await, Some(at(2_000)), "after {late:?}");
    }
    let forgotten = Position::kept(None, 3_000).unwrap();
    seen(Some(forgotten)).await;
    seen(Some(at(2_500))).await;
    assert_eq!(scene.position_known().await, Some(forgotten));
    // What is held is left to those who hold it, whatever the stores told.
    memory::hold_position(&*bridge, scene.user, scene.video, at(4_000)).await.unwrap();
    scene.bed.memory_passes(2 * 60);
    seen(Some(at(4_000))).await;
    scene.bed.memory_passes(20 * 60);
    assert_eq!(scene.position_known().await, Some(at(4_000)));
}

#[tokio::test]
async fn a_copy_is_made_anew_once_it_is_a_minute_old() {
    let scene = Scene::new().await;
    let bridge = scene.bed.bridge(SESSIONS);
    let age_s_after = async |passed_s: u64| {
        scene.bed.memory_passes(passed_s);
        let version = Some((scene.video, scene.version(1)));
        scene.remembers(Seen { version, ..Seen::nothing_of(scene.user) }).await;
        memory::video(&*bridge, scene.video).await.unwrap().unwrap().age_ms / 1_000
    };
    for (passed_s, is_spared) in [(0, false), (30, true), (30, false)] {
        let age_s = age_s_after(passed_s).await;
        assert_eq!(age_s >= 30, is_spared, "{age_s} s old");
    }
}
