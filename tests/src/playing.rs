//! A video that can be played.

use crate::{Account, Answer, Platform, eventually, ready_video};
use reqwest::Url;
use serde_json::{Value, json};

/// A published video of a creator that no other test has.
pub async fn published(platform: &Platform) -> String {
    published_by(&platform.account("creator").await).await
}

/// A published video, once Playback has heard of it.
pub async fn published_by(creator: &Account) -> String {
    let video_id = ready_video(creator).await;
    publish(creator, &video_id).await;
    video_id
}

/// Publishes a video that is ready, and waits until Playback has heard of it.
pub async fn publish(creator: &Account, video_id: &str) {
    creator.patch(&format!("/v1/videos/{video_id}"), &json!({"title": "A film"}), None).await.expect(200);
    creator.post(&format!("/v1/videos/{video_id}/publish"), &json!({})).await.expect(200);
    let probe = creator.platform.account("viewer").await;
    eventually("the video can be played", async || {
        (start(&probe, video_id).await.status.as_u16() == 201).then_some(())
    })
    .await;
}

/// Asks for a session.
pub async fn start(viewer: &Account, video_id: &str) -> Answer {
    let body = json!({"video_id": video_id, "device": {"id": "tv", "name": "Kitchen"}});
    viewer.post("/v1/playback/sessions", &body).await
}

/// Where the player of a session asks where to load from, as it finds it in the URL of its playlist.
///
/// # Panics
/// When there is no such playlist.
pub fn steering_path(session: &Value) -> String {
    let playlist = session["manifests"]["hls_steered"].as_str().expect("a URL");
    let playlist = Url::parse(playlist).expect("a URL");
    let steering = playlist.query_pairs().find_map(|(name, value)| (name == "steering").then_some(value));
    let steering = Url::parse(&steering.expect("where to ask")).expect("a URL");
    format!("{}?{}", steering.path(), steering.query().expect("a grant"))
}
