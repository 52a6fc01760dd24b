//! Videos to test with.

use crate::{Account, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tokio::process::Command;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// Two seconds of a test picture and a tone: the least that has both a picture and a sound.
const SAMPLE: [&str; 22] = [
    "-f",
    "lavfi",
    "-i",
    "testsrc2=size=320x180:rate=24:duration=2",
    "-f",
    "lavfi",
    "-i",
    "sine=frequency=440:duration=2",
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-pix_fmt",
    "yuv420p",
    "-c:a",
    "aac",
    "-shortest",
    "-movflags",
    "+faststart",
    "-f",
    "mp4",
    "-y",
];

/// A short mp4, made once for each test binary.
///
/// # Panics
/// Without ffmpeg.
pub async fn sample_mp4() -> &'static [u8] {
    static MADE: OnceCell<Vec<u8>> = OnceCell::const_new();
    MADE.get_or_init(async || {
        let path = std::env::temp_dir().join(format!("mcsp-sample-{}.mp4", Uuid::new_v4().simple()));
        let made = make(&path).await;
        std::fs::remove_file(&path).ok();
        made
    })
    .await
}

async fn make(path: &Path) -> Vec<u8> {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-hide_banner", "-loglevel", "error"]).args(SAMPLE).arg(PathBuf::from(path));
    let output = ffmpeg.output().await.unwrap_or_else(|error| panic!("ffmpeg: {error}"));
    assert!(output.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(path).expect("what ffmpeg has made")
}

/// Takes the sample through upload and pipeline. Gives the id of a video that is `ready`, and has no title.
///
/// # Panics
/// When a step fails, or the video does not become ready.
pub async fn ready_video(account: &Account) -> String {
    let video_id = uploaded_video(account, sample_mp4().await).await;
    let path = format!("/v1/videos/{video_id}");
    eventually("the video is ready", async || {
        let answer = account.get(&path).await;
        let state = answer.json["state"].as_str().unwrap_or_default();
        assert_ne!(state, "failed", "{}", answer.json);
        (state == "ready").then_some(())
    })
    .await;
    video_id
}

/// Uploads these bytes as an mp4. Gives the id of the video that they will be.
///
/// # Panics
/// When a step fails.
pub async fn uploaded_video(account: &Account, bytes: &'static [u8]) -> String {
    let request = json!({"file_name": "sample.mp4", "content_type": "video/mp4", "size_bytes": bytes.len()});
    let upload = account.post("/v1/uploads", &request).await.expect(201);
    let mut put = account.platform.client().request(Method::PUT, text(&upload["put"]["url"])).body(bytes);
    for (name, value) in upload["put"]["headers"].as_object().into_iter().flatten() {
        put = put.header(name, text(value));
    }
    let stored = put.send().await.unwrap_or_else(|error| panic!("PUT of the bytes: {error}"));
    assert!(stored.status().is_success(), "PUT of the bytes: {}", stored.status());
    let completed = account.post(&format!("/v1/uploads/{}/complete", text(&upload["id"])), &json!({})).await;
    assert!(completed.status.is_success(), "{}: {}", completed.request, completed.json);
    text(&upload["video_id"]).to_owned()
}

/// A ready video with a title that nothing else has. Gives id and title.
///
/// # Panics
/// When a step fails.
pub async fn titled_video(account: &Account) -> (String, String) {
    let video_id = ready_video(account).await;
    let title = format!("Sample {}", Uuid::new_v4().simple());
    account.patch(&format!("/v1/videos/{video_id}"), &json!({"title": title}), None).await.expect(200);
    (video_id, title)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}
