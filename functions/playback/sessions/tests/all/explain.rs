//! `POST /v1/playback/explain`: the decision that a start comes to, with each fact where a start would find it.

use crate::scene::{LIMIT, PLAN_LEVEL, STORES, Scene, expect};
use mcsp_access::Role;
use mcsp_testbed::{Reply, new_id};
use serde_json::{Value, json};

impl Scene {
    async fn explain_in(&self, region: &str) -> Reply {
        let bearer = self.bed.bearer(new_id(), Role::Moderator);
        let body = json!({"user_id": self.user, "video_id": self.video, "region": region});
        let path = ("POST", "/v1/playback/explain");
        self.sessions.send(path, &[("authorization", &bearer)], Some(body)).await
    }

    async fn explained(&self) -> Value {
        expect(self.explain_in("eu").await, 200)
    }

    /// A start and its explanation come to the same.
    async fn comes_to(&self, status: u16, reason: Value) -> Value {
        let explained = self.explained().await;
        assert_eq!(
            (&explained["reason"], &explained["allowed"]),
            (&reason, &json!(status == 201)),
            "{explained}"
        );
        assert_eq!(explained["hidden"], json!(status == 404));
        let started = self.start().await;
        assert_eq!(started.status, status, "{}", started.json);
        if status == 201 {
            assert_eq!(self.end(&started.json).await.status, 204);
        } else if status == 403 {
            assert_eq!(json!(started.code()), reason);
        }
        explained
    }
}

fn sources(explained: &Value) -> [&str; 4] {
    ["video", "account", "subscription", "streams"]
        .map(|fact| explained["facts"][fact]["served_from"].as_str().unwrap_or("nothing"))
}

#[tokio::test]
async fn an_explanation_is_what_a_start_comes_to() {
    let scene = Scene::new().await;
    let explained = scene.comes_to(201, Value::Null).await;
    assert_eq!(sources(&explained), ["redis", "nothing", "postgres", "redis"]);
    assert_eq!(explained["facts"]["subscription"]["value"], Value::Null);
    assert_eq!(
        (&explained["stream_limit"], &explained["facts"]["streams"]["value"]["open"]),
        (&json!(LIMIT), &json!(0))
    );

    scene.announce(2, "private").await;
    scene.comes_to(404, json!("private")).await;
    scene.announce(3, "subscribers").await;
    let explained = scene.comes_to(403, json!("subscription_required")).await;
    assert_eq!(explained["facts"]["video"]["value"]["minimum_plan_level"], PLAN_LEVEL);
    scene.subscribes(json!({"level": PLAN_LEVEL, "streams": LIMIT + 1})).await;
    let explained = scene.comes_to(201, Value::Null).await;
    assert_eq!(explained["facts"]["subscription"]["value"]["level"], PLAN_LEVEL);
    assert_eq!((&explained["stream_limit"], sources(&explained)[2]), (&json!(LIMIT + 1), "redis"));
    for _ in 0..=LIMIT {
        expect(scene.start().await, 201);
    }
    let explained = scene.comes_to(403, json!("too_many_streams")).await;
    assert_eq!(explained["facts"]["streams"]["value"]["open"], LIMIT + 1);

    let suspended = json!({"user_id": scene.user, "version": 2, "state": "suspended"});
    scene.hears("mcsp.auth.account.suspended.v1", suspended).await;
    let explained = scene.comes_to(403, json!("account_suspended")).await;
    assert_eq!(explained["facts"]["account"]["value"]["state"], "suspended");
    assert_eq!(sources(&explained), ["redis"; 4]);
}

#[tokio::test]
async fn without_stores_each_fact_says_that_it_is_remembered_and_how_old_it_is() {
    let scene = Scene::new().await;
    scene
        .hears(
            "mcsp.auth.account.changed.v1",
            json!({"user_id": scene.user, "version": 1, "state": "active"}),
        )
        .await;
    scene.seen().await;
    scene.down(&STORES, true);
    let explained = scene.comes_to(201, Value::Null).await;
    assert_eq!(sources(&explained), ["memory", "memory", "nothing", "memory"]);
    assert!(explained["facts"]["video"]["stale_ms"].as_u64().unwrap() < 60_000);
    assert_eq!(explained["facts"]["streams"]["value"]["open"], 1);
    let unseen = Scene { video: new_id(), ..scene };
    let explained = unseen.explained().await;
    assert_eq!(
        (&explained["reason"], &explained["facts"]["video"]),
        (&json!("entitlement_unknown"), &Value::Null)
    );
}

#[tokio::test]
async fn only_who_may_is_told_and_only_of_regions() {
    let scene = Scene::new().await;
    let body = json!({"user_id": scene.user, "video_id": scene.video, "region": "eu"});
    let refused = scene.send(&scene.sessions, ("POST", "/v1/playback/explain"), Some(body)).await;
    assert_eq!((refused.status, refused.code()), (403, "insufficient_permission"));
    let invalid = scene.explain_in("e u").await;
    assert_eq!((invalid.status, &invalid.json["errors"][0]["pointer"]), (422, &json!("/region")));
}
