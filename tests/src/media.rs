//! Videos to test with.

use crate::{Account, eventually};
use bytes::Bytes;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// A test picture and a tone, for so many seconds.
fn sample(duration_s: u32) -> Vec<String> {
    let picture = format!("testsrc2=size=320x180:rate=24:duration={duration_s}");
    let sound = format!("sine=frequency=440:duration={duration_s}");
    let arguments = [
        ["-f", "lavfi", "-i", &picture],
        ["-f", "lavfi", "-i", &sound],
        ["-c:v", "libx264", "-preset", "ultrafast"],
        ["-pix_fmt", "yuv420p", "-c:a", "aac"],
        ["-movflags", "+faststart", "-f", "mp4"],
    ];
    arguments
        .concat()
        .into_iter()
        .map(str::to_owned)
        .chain(["-shortest".to_owned(), "-y".to_owned()])
        .collect()
}

/// A short mp4, made once for each test binary: the least that has both a picture and a sound.
///
/// # Panics
/// Without ffmpeg.
pub async fn sample_mp4() -> &'static [u8] {
    static MADE: OnceCell<Vec<u8>> = OnceCell::const_new();
    MADE.get_or_init(|| mp4_of(2)).await
}

/// An mp4 of so many seconds.
///
/// # Panics
/// Without ffmpeg.
pub async fn mp4_of(duration_s: u32) -> Vec<u8> {
    let path = std::env::temp_dir().join(format!("mcsp-sample-{}.mp4", Uuid::new_v4().simple()));
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-hide_banner", "-loglevel", "error"]).args(sample(duration_s)).arg(&path);
    let output = ffmpeg.output().await.unwrap_or_else(|error| panic!("ffmpeg: {error}"));
    assert!(output.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&output.stderr));
    let made = std::fs::read(&path).expect("what ffmpeg has made");
    std::fs::remove_file(&path).ok();
    made
}

/// Takes the sample through upload and pipeline. Gives the id of a video that is `ready`, and has no title.
///
/// # Panics
/// When a step fails, or the video does not become ready.
pub async fn ready_video(account: &Account) -> String {
    let video_id = uploaded_video(account, sample_mp4().await).await;
    until_ready(account, &video_id).await;
    video_id
}

/// Waits for the pipeline.
///
/// # Panics
/// When the video does not become ready.
pub async fn until_ready(account: &Account, video_id: &str) {
    let path = format!("/v1/videos/{video_id}");
    eventually("the video is ready", async || {
        let answer = account.get(&path).await;
        let state = answer.json["state"].as_str().unwrap_or_default();
        assert_ne!(state, "failed", "{}", answer.json);
        (state == "ready").then_some(())
    })
    .await;
}

/// Uploads these bytes as an mp4. Gives the id of the video that they will be.
///
/// # Panics
/// When a step fails.
pub async fn uploaded_video(account: &Account, bytes: impl Into<Bytes>) -> String {
    uploaded_as(account, bytes, "none").await
}

/// The same, with the protection that the video is to have: `none` or `cenc`.
///
/// # Panics
/// When a step fails.
pub async fn uploaded_as(account: &Account, bytes: impl Into<Bytes>, protection: &str) -> String {
    let bytes = bytes.into();
    let request = json!({
        "file_name": "sample.mp4", "content_type": "video/mp4", "size_bytes": bytes.len(), "protection": protection,
    });
    let upload = account.post("/v1/uploads", &request).await.expect(201);
    let stored = put_as_signed(account, &upload["put"], bytes).await;
    assert!(stored.is_success(), "PUT of the bytes: {stored}");
    let completed = account.post(&format!("/v1/uploads/{}/complete", text(&upload["id"])), &json!({})).await;
    assert!(completed.status.is_success(), "{}: {}", completed.request, completed.json);
    text(&upload["video_id"]).to_owned()
}

/// Sends bytes to the object store as `signed` says, and nothing else. Gives what it answers.
///
/// # Panics
/// When that is not all that it takes, or it does not answer.
pub async fn put_as_signed(account: &Account, signed: &Value, bytes: impl Into<Bytes>) -> StatusCode {
    let mut put = account.platform.client().request(Method::PUT, text(&signed["url"])).body(bytes.into());
    for (name, value) in signed["headers"].as_object().expect("headers") {
        put = put.header(name, text(value));
    }
    let stored = put.send().await.unwrap_or_else(|error| panic!("PUT of the bytes: {error}"));
    stored.status()
}

/// A ready video with a title that nothing else has. Gives id and title.
///
/// # Panics
/// When a step fails.
pub async fn titled_video(account: &Account) -> (String, String) {
    let video_id = ready_video(account).await;
    // As a letter begins it, search takes the word as one, whatever digits follow.
    let title = format!("Sample w{}", Uuid::new_v4().simple());
    account.patch(&format!("/v1/videos/{video_id}"), &json!({"title": title}), None).await.expect(200);
    (video_id, title)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}
