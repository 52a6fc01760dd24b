//! The captions of a video: a start lists those that Content has told of.

use crate::scene::{SESSIONS, STORES, Scene, expect};
use mcsp_bridge_api::redis::Operation;
use mcsp_ids::UserId;
use serde_json::{Value, json};

impl Scene {
    /// Content tells of a change of captions; of none as it did before there were any.
    async fn hears_of_captions(&self, version: u64, languages: Option<&[&str]>) {
        let video = self.video;
        let mut told = json!({
            "video_id": video, "owner_id": UserId::from_uuid(uuid::Uuid::from_u128(7)), "version": version,
            "state": "published", "visibility": "public", "duration_ms": 8000, "renditions": [{"name": "360p"}],
            "packaged": {"prefix": format!("packaged/{video}/"), "hls": "master.m3u8", "dash": "manifest.mpd"},
        });
        if let Some(languages) = languages {
            told["caption_languages"] = json!(languages);
        }
        self.hears("mcsp.content.video.captions_changed.v1", told).await;
    }

    /// What a start lists. It takes no slot from the next one.
    async fn lists(&self, languages: &[&str]) {
        let session = expect(self.start().await, 201);
        assert_eq!(self.end(&session).await.status, 204);
        let listed = languages.iter().map(|language| {
            json!({
                "language": language,
                "content_type": "text/vtt",
                "path": format!("/v1/videos/{}/captions/{language}", self.video),
            })
        });
        assert_eq!(session["captions"], Value::Array(listed.collect()));
    }

    async fn redis_loses_the_video(&self) {
        let words = ["DEL".to_owned(), format!("playback:video:{{{}}}", self.video)];
        let words = words.into_iter().map(String::into_bytes).collect();
        self.bed.bridge(SESSIONS).pipeline(vec![Operation::Command(words)]).await.unwrap();
    }
}

#[tokio::test]
async fn a_start_lists_the_captions_that_there_are_now() {
    let scene = Scene::new().await;
    scene.lists(&[]).await;
    scene.hears_of_captions(2, Some(&["de", "en-GB"])).await;
    scene.lists(&["de", "en-GB"]).await;
    scene.hears_of_captions(3, Some(&["de"])).await;
    scene.lists(&["de"]).await;
    scene.hears_of_captions(4, None).await;
    scene.lists(&[]).await;
}

#[tokio::test]
async fn what_redis_loses_postgres_has_and_then_memory() {
    let scene = Scene::new().await;
    scene.hears_of_captions(2, Some(&["en"])).await;
    scene.redis_loses_the_video().await;
    scene.lists(&["en"]).await;
    scene.until_the_video_is_remembered().await;
    scene.down(&STORES, true);
    scene.lists(&["en"]).await;
}
