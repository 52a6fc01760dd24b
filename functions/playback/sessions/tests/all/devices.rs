//! The devices of an account: as many as its plan has, counted exactly, with stores and without.

use crate::scene::{SESSIONS, STORES, Scene, expect, text};
use futures::future::join_all;
use mcsp_access::Role;
use mcsp_testbed::{Reply, new_id};
use serde_json::{Value, json};

const DEVICES: usize = 2;
const PATH: &str = "/v1/playback/devices";

impl Scene {
    async fn with_devices() -> Scene {
        Scene::where_also("default_device_limit", DEVICES.to_string()).await
    }

    async fn start_on(&self, device: &str) -> Reply {
        let body = json!({"video_id": self.video, "device": {"id": device, "name": format!("The {device}")}});
        self.send(&self.sessions, ("POST", "/v1/playback/sessions"), Some(body)).await
    }

    /// Starts and ends.
    async fn plays_on(&self, device: &str) {
        let session = expect(self.start_on(device).await, 201);
        assert_eq!(self.end(&session).await.status, 204);
    }

    async fn is_crowded(&self, device: &str) {
        let denied = self.start_on(device).await;
        assert_eq!((denied.status, denied.code()), (403, "too_many_devices"), "{device}: {}", denied.json);
        assert!(denied.json["detail"].is_string(), "it says what would help");
    }

    async fn list(&self) -> Vec<Value> {
        let listed = expect(self.send(&self.sessions, ("GET", PATH), None).await, 200);
        listed["items"].as_array().unwrap().clone()
    }

    async fn remove(&self, device: &Value) -> u16 {
        let path = format!("{PATH}/{}", text(device, "id"));
        self.send(&self.sessions, ("DELETE", &path), None).await.status
    }

    /// Until Postgres has as many.
    async fn written(&self, count: i64) {
        let question = "SELECT count(*) FROM devices";
        self.until("they are in Postgres", async || self.bed.ask::<i64>(question).await == count).await;
    }

    /// Until this process goes on without stores.
    async fn remembered(&self, device: &str) {
        self.until("the device is remembered", async || {
            let bridge = self.bed.bridge(SESSIONS);
            playback_storage::memory::account(&*bridge, self.user, None)
                .await
                .unwrap()
                .devices(device)
                .is_known
        })
        .await;
    }
}

#[tokio::test]
async fn an_account_plays_on_as_many_devices_as_it_may_and_makes_room_by_removing_one() {
    let scene = Scene::with_devices().await;
    for _ in 0..2 {
        scene.plays_on("tv").await;
        scene.plays_on("phone").await;
        scene.is_crowded("tablet").await;
    }
    let listed = scene.list().await;
    let mut names: Vec<_> =
        listed.iter().map(|device| (text(device, "device_id"), text(device, "name"))).collect();
    names.sort_unstable();
    assert_eq!(names, [("phone", "The phone"), ("tv", "The tv")]);
    let stranger = Scene { user: new_id(), ..scene };
    assert_eq!(stranger.remove(&listed[0]).await, 404, "another's");
    assert_eq!(stranger.list().await.len(), 0, "another account has devices of its own");
}

#[tokio::test]
async fn what_is_removed_makes_room_and_stays_away() {
    let scene = Scene::with_devices().await;
    scene.plays_on("tv").await;
    scene.plays_on("phone").await;
    scene.written(2).await;
    let listed = scene.list().await;
    let phone = listed.iter().find(|device| device["device_id"] == "phone").unwrap();
    assert_eq!(scene.remove(phone).await, 204);
    assert_eq!(scene.remove(phone).await, 404, "it is gone");
    scene.redis_loses("devices").await;
    assert_eq!(scene.list().await.len(), 1, "from Postgres too");
    scene.plays_on("tablet").await;
    scene.is_crowded("phone").await;
}

#[tokio::test]
async fn what_redis_loses_postgres_has() {
    let scene = Scene::with_devices().await;
    scene.plays_on("tv").await;
    scene.plays_on("phone").await;
    scene.written(2).await;
    scene.redis_loses("devices").await;
    scene.is_crowded("tablet").await;
    scene.plays_on("tv").await;
    scene.remembered("phone").await;
    scene.redis_loses("devices").await;
    scene.down(&["postgres"], true);
    scene.is_crowded("tablet").await;
    scene.plays_on("phone").await;
    let unseen = Scene { user: new_id(), ..scene };
    unseen.plays_on("tv").await;
}

#[tokio::test]
async fn without_stores_they_are_counted_exactly() {
    let scene = Scene::with_devices().await;
    let session = expect(scene.start_on("tv").await, 201);
    assert_eq!(scene.end(&session).await.status, 204);
    scene.remembered("tv").await;
    scene.down(&STORES, true);
    let devices: Vec<_> = (0..20).map(|number| format!("phone-{number}")).collect();
    let starts = join_all(devices.iter().map(|device| scene.start_on(device))).await;
    let opened = starts.iter().filter(|start| start.status == 201).count();
    assert_eq!(opened, DEVICES - 1, "the one that Redis knew of counts");
    assert!(
        starts.iter().filter(|start| start.status != 201).all(|start| start.code() == "too_many_devices")
    );
    expect(scene.start_on("tv").await, 201);
    let listed = scene.send(&scene.sessions, ("GET", PATH), None).await;
    assert_eq!(listed.status, 503, "{}", listed.json);
}

#[tokio::test]
async fn a_plan_has_as_many_devices_as_it_says() {
    let scene = Scene::with_devices().await;
    scene.subscribes(json!({"level": 1, "streams": 1, "devices": DEVICES + 1})).await;
    scene.redis_loses("subscription").await;
    for device in ["tv", "phone", "tablet"] {
        scene.plays_on(device).await;
    }
    scene.is_crowded("watch").await;
    scene.remembered("tablet").await;
    scene.down(&STORES, true);
    scene.is_crowded("watch").await;
}

#[tokio::test]
async fn an_explanation_counts_the_device_that_is_asked_for() {
    let scene = Scene::with_devices().await;
    scene.plays_on("tv").await;
    scene.plays_on("phone").await;
    let bearer = scene.bed.bearer(new_id(), Role::Moderator);
    for (device, reason, is_known) in
        [(json!("tablet"), json!("too_many_devices"), json!(false)), (json!("tv"), json!(null), json!(true))]
    {
        let body =
            json!({"user_id": scene.user, "video_id": scene.video, "region": "eu", "device_id": device});
        let headers = [("authorization", bearer.as_str())];
        let reply = scene.sessions.send(("POST", "/v1/playback/explain"), &headers, Some(body)).await;
        let explained = expect(reply, 200);
        assert_eq!((&explained["reason"], &explained["device_limit"]), (&reason, &json!(DEVICES)));
        let devices = &explained["facts"]["devices"];
        assert_eq!(
            (&devices["value"]["is_known"], &devices["value"]["count"], &devices["served_from"]),
            (&is_known, &json!(2), &json!("redis"))
        );
    }
}

#[tokio::test]
async fn of_an_account_that_is_erased_no_device_is_left() {
    let scene = Scene::with_devices().await;
    scene.plays_on("tv").await;
    scene.written(1).await;
    let erased = json!({"user_id": scene.user, "version": 2, "state": "erased"});
    scene.hears("mcsp.auth.account.erased.v1", erased).await;
    assert_eq!(scene.bed.ask::<i64>("SELECT count(*) FROM devices").await, 0);
    assert_eq!(scene.list().await.len(), 0);
}
