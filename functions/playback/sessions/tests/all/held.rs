//! What is held while Redis is back and Postgres is not: Redis is told, and Postgres once it is there.

use crate::scene::{SESSIONS, STORES, Scene, expect, text};
use mcsp_bridge_api::memory::{Listing, Outcome, Step};
use mcsp_bridge_api::redis::{Operation, Reply};
use mcsp_testbed::new_id;
use playback_domain::Position;
use serde_json::{Value, json};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Scene {
    async fn holds(&self, kind: &str) -> bool {
        let listing = Listing { prefix: format!("playback:held:{kind}"), limit: 1 };
        let held = self.bed.bridge(SESSIONS).exchange(vec![Step::Held(listing)]).await.unwrap();
        matches!(&held[..], [Outcome::Entries(entries)] if !entries.is_empty())
    }

    async fn positions_ttl_ms(&self) -> i64 {
        let words = ["PTTL".to_owned(), format!("playback:{{{}}}:positions", self.user)];
        let words = words.into_iter().map(String::into_bytes).collect();
        let replies = self.bed.bridge(SESSIONS).pipeline(vec![Operation::Command(words)]).await.unwrap();
        match replies[..] {
            [Reply::Integer(ttl_ms)] => ttl_ms,
            _ => 0,
        }
    }

    /// What is held is written by somebody else's requests.
    async fn until_others_have_played(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let body = json!({"video_id": self.video, "device": {"id": "tv"}});
        self.until(what, async || {
            let start = ("POST", "/v1/playback/sessions");
            expect(self.send_as(new_id(), &self.sessions, start, Some(body.clone())).await, 201);
            is_so().await
        })
        .await;
    }
}

fn place(position: Option<Position>) -> Option<u64> {
    position.and_then(|position| position.position_ms())
}

/// Who has a position of 2,000 ms in the stores, and a later one and the end of a session held, while Postgres is away.
async fn with_redis_back() -> (Scene, Value) {
    let scene = Scene::new().await;
    let session = scene.seen().await;
    expect(scene.write_position(2_000).await, 200);
    scene.until("Postgres has it", async || scene.in_postgres().await.is_some()).await;
    scene.down(&STORES, true);
    expect(scene.write_position(3_000).await, 200);
    assert_eq!(scene.end(&session).await.status, 204);
    scene.down(&["redis"], false);
    assert!(scene.holds("position:").await && scene.holds("end:").await);
    assert_eq!(place(scene.in_redis().await), Some(2_000));
    (scene, session)
}

#[tokio::test]
async fn redis_is_told_without_postgres_which_gets_it_later() {
    let (scene, session) = with_redis_back().await;
    scene
        .until_others_have_played("Redis knows", async || {
            place(scene.in_redis().await) == Some(3_000) && !scene.holds("end:").await
        })
        .await;
    assert_eq!(scene.beat(text(&session, "renewal_path"), 9_000).await.status, 404, "it has ended");
    assert!(scene.holds("position:").await, "for Postgres");
    scene.down(&["postgres"], false);
    scene.until_others_have_played("nothing is held", async || !scene.holds("").await).await;
    assert_eq!(place(scene.in_postgres().await), Some(3_000));
    assert_eq!(place(scene.in_redis().await), Some(3_000));
}

#[tokio::test]
async fn what_is_forgotten_is_so_in_redis_without_postgres() {
    let (scene, _) = with_redis_back().await;
    scene.down(&["redis"], true);
    scene.bed.pass(1);
    let path = format!("/v1/playback/positions/{}", scene.video);
    assert_eq!(scene.send(&scene.positions, ("DELETE", &path), None).await.status, 204);
    scene.down(&["redis"], false);
    scene
        .until_others_have_played("Redis knows", async || {
            scene.in_redis().await.is_some_and(|position| position.position_ms().is_none())
        })
        .await;
    assert_eq!(scene.read_position().await.status, 404);
}

#[tokio::test]
async fn of_an_account_that_redis_knows_to_be_erased_it_is_told_nothing() {
    let (scene, _) = with_redis_back().await;
    scene.down(&["postgres"], false);
    let erased = json!({"user_id": scene.user, "version": 9, "state": "erased"});
    scene.hears("mcsp.auth.account.erased.v1", erased).await;
    scene.down(&["postgres"], true);
    // The end is told with the position.
    scene.until_others_have_played("Redis was told", async || !scene.holds("end:").await).await;
    assert_eq!(scene.in_redis().await, None);
    assert!(scene.holds("position:").await, "Postgres says what becomes of it");
}

#[tokio::test]
async fn what_redis_has_for_long_it_keeps_as_long() {
    let (scene, _) = with_redis_back().await;
    scene
        .until_others_have_played("Redis knows", async || place(scene.in_redis().await) == Some(3_000))
        .await;
    assert!(scene.positions_ttl_ms().await > DAY_MS);
}

#[tokio::test]
async fn what_redis_was_told_of_an_erased_account_meanwhile_goes_again() {
    let (scene, _) = with_redis_back().await;
    scene.down(&["postgres"], false);
    let erased = json!({"user_id": scene.user, "version": 9, "state": "erased"});
    scene.hears("mcsp.auth.account.erased.v1", erased).await;
    assert_eq!(scene.in_redis().await, None);
    scene.down(&["postgres"], true);
    // Redis knows for longer than any access token is good that the account is erased.
    scene.redis_loses("account").await;
    scene
        .until_others_have_played("Redis was told", async || place(scene.in_redis().await) == Some(3_000))
        .await;
    assert!(
        (1..=DAY_MS).contains(&scene.positions_ttl_ms().await),
        "nor does it stay if nobody asks Postgres"
    );
    scene.down(&["postgres"], false);
    scene.until_others_have_played("nothing is held", async || !scene.holds("").await).await;
    assert_eq!((scene.in_redis().await, scene.in_postgres().await), (None, None));
}
