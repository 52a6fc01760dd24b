//! A protected video that can be played.

use crate::playing::publish;
use crate::{Account, sample_mp4, until_ready, uploaded_as};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use uuid::Uuid;

/// A published video that is protected, once Playback has heard of it.
pub async fn protected_by(creator: &Account) -> String {
    let video_id = uploaded_as(creator, sample_mp4().await, "cenc").await;
    until_ready(creator, &video_id).await;
    publish(creator, &video_id).await;
    video_id
}

/// The id of a protected video's key, as its manifest has it, in the form in which browsers ask.
pub async fn kid(session: &Value) -> String {
    let url = session["manifests"]["dash"].as_str().expect("a URL");
    let manifest = reqwest::get(url).await.expect("the CDN answers").text().await.expect("text");
    let id = manifest.split("cenc:default_KID=\"").nth(1).and_then(|rest| rest.split('"').next());
    let id: Uuid = id.expect("a key id").parse().expect("a UUID");
    URL_SAFE_NO_PAD.encode(id.as_bytes())
}
