//! Plans with more streams and devices than most have: counted exactly without stores too.

use crate::scene::{STORES, Scene, expect};
use futures::future::join_all;
use mcsp_testbed::Reply;
use serde_json::json;

const MANY: usize = 20;

impl Scene {
    /// Who may have many, and was seen playing on one device.
    async fn with_many(streams: usize, devices: usize) -> Scene {
        let scene = Scene::new().await;
        scene.subscribes(json!({"level": 1, "streams": streams, "devices": devices})).await;
        scene.seen().await;
        scene.down(&STORES, true);
        scene
    }

    async fn start_on_many(&self, device: &str) -> Reply {
        let body = json!({"video_id": self.video, "device": {"id": device}});
        self.send(&self.sessions, ("POST", "/v1/playback/sessions"), Some(body)).await
    }
}

#[tokio::test]
async fn without_stores_as_many_streams_open_as_a_large_plan_has() {
    let scene = Scene::with_many(MANY, MANY).await;
    let starts = join_all((0..2 * MANY).map(|_| scene.start())).await;
    let (opened, denied): (Vec<_>, Vec<_>) = starts.iter().partition(|start| start.status == 201);
    assert_eq!(opened.len(), MANY - 1, "the slot that Redis knew of counts");
    assert!(denied.iter().all(|start| start.code() == "too_many_streams"));
    assert_eq!(scene.end(&opened[0].json).await.status, 204);
    expect(scene.start().await, 201);
    assert_eq!(scene.start().await.code(), "too_many_streams");
}

#[tokio::test]
async fn without_stores_a_large_plan_has_as_many_devices_as_it_says() {
    let scene = Scene::with_many(3 * MANY, MANY).await;
    let mut opened = Vec::new();
    for number in 0..MANY + 5 {
        let device = format!("phone-{number}");
        match scene.start_on_many(&device).await {
            start if start.status == 201 => opened.push(device),
            start => assert_eq!(start.code(), "too_many_devices", "{device}"),
        }
    }
    assert_eq!(opened.len(), MANY - 1, "the one that Redis knew of counts");
    for device in &opened {
        expect(scene.start_on_many(device).await, 201);
    }
}
