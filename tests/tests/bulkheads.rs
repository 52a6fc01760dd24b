//! Playback has its own: connections, places and breakers. What others exhaust is theirs.

use futures::future::join_all;
use mcsp_tests::playing::{published, start};
use mcsp_tests::{Account, Flood, OwnPlatform, eventually, variable};
use serde_json::{Value, json};
use std::time::Duration;

const VIEWERS: usize = 8;
const ROUNDS: usize = 12;

/// A whole viewing, again and again: each request must succeed.
async fn plays(viewer: &Account, film: &str) {
    for round in 0..ROUNDS {
        let session = start(viewer, film).await.expect(201);
        let path = |name: &str| session[name].as_str().expect("a path").to_owned();
        let beat = json!({"position_ms": 1_000 + round, "state": "playing"});
        viewer.put(&path("renewal_path"), &beat).await.expect(200);
        viewer.get(&format!("/v1/playback/positions/{film}")).await.expect(200);
        viewer.delete(&path("end_path")).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_slow_queries_in_all_that_others_have_and_every_other_function_at_its_limit_sessions_start() {
    let policies = Flood::policies();
    let own = OwnPlatform::start_with(&[], &[("MCSP_POLICIES", policies.to_str().expect("a path"))]).await;
    let client = own.client();
    let film = published(&client).await;
    let viewers = join_all((0..VIEWERS).map(|_| client.account("viewer"))).await;
    let creator = client.account("creator").await;
    let token = variable(&own.environment(), "MCSP_BRIDGE_TOKEN");
    let flood = Flood::begin(&own, &creator, &token, Duration::ZERO).await;
    join_all(viewers.iter().map(|viewer| plays(viewer, &film))).await;
    // The flood was there until the end. One that was answered just now makes room for a moment.
    eventually("the others are at their limits still", async || {
        flood.below_the_limit(&own).await.is_empty().then_some(())
    })
    .await;
    eventually("all that they may have of Postgres is taken", async || {
        let guards: Value = serde_json::from_str(&own.admin("/breakers").await).expect("JSON");
        let guards = guards.as_array().expect("guards").iter().filter(|guard| guard["target"] == "postgres");
        let mut others = guards.filter(|guard| guard["caller"] != "playback");
        others.all(|guard| guard["in_flight"] == guard["max_concurrent_calls"]).then_some(())
    })
    .await;
    drop(flood);
    own.stop().await;
}
