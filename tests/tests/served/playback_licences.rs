//! Licences of protected videos: from the upload that asks for protection to the keys that open the segments.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcsp_tests::playing::{published, start};
use mcsp_tests::protecting::{kid, protected_by};
use mcsp_tests::{Account, Platform};
use serde_json::{Value, json};
use std::process::Command;

/// A published video that is protected.
async fn protected(platform: &Platform) -> String {
    protected_by(&platform.account("creator").await).await
}

async fn fetch(url: &str) -> Vec<u8> {
    let answer = reqwest::get(url).await.expect("the CDN answers");
    assert_eq!(answer.status(), 200, "{url}");
    answer.bytes().await.expect("a body").to_vec()
}

fn request(kid: &str) -> Value {
    json!({"kids": [kid], "type": "temporary"})
}

fn path(session: &Value) -> &str {
    session["licences"]["clearkey"].as_str().expect("a path")
}

/// Whether ffmpeg decodes the first segment with this key. `base` is where the segments are.
async fn opens(base: &str, key: &str) -> bool {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("stream.mp4");
    let mut whole = fetch(&format!("{base}/init_0.mp4")).await;
    whole.extend(fetch(&format!("{base}/segment_0_00001.m4s")).await);
    std::fs::write(&file, whole).expect("a file");
    let key: String =
        URL_SAFE_NO_PAD.decode(key).expect("a key").iter().map(|byte| format!("{byte:02x}")).collect();
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-decryption_key", &key, "-i"]).arg(&file).args(["-f", "null", "-"]);
    let output = ffmpeg.output().expect("ffmpeg");
    output.status.success() && output.stderr.is_empty()
}

#[tokio::test]
async fn a_session_of_a_protected_video_leads_to_the_keys_that_open_it_once() {
    let platform = Platform::running();
    let video_id = protected(&platform).await;
    let viewer = platform.account("viewer").await;
    let session = start(&viewer, &video_id).await.expect(201);
    let kid = kid(&session).await;
    let licence = viewer.post(path(&session), &request(&kid)).await.expect(200);
    assert_eq!((&licence["keys"][0]["kid"], &licence["keys"][0]["kty"]), (&json!(kid), &json!("oct")));
    let (base, _) = session["manifests"]["dash"].as_str().expect("a URL").rsplit_once('/').expect("a path");
    let key = licence["keys"][0]["k"].as_str().expect("a key");
    assert!(opens(base, key).await, "with its key");
    assert!(!opens(base, &kid).await, "with another key");
    viewer.post(path(&session), &request(&kid)).await.refused(403, "licence_token_used");
}

#[tokio::test]
async fn anothers_path_an_ended_session_and_anothers_key_open_nothing() {
    let platform = Platform::running();
    let (film, other_film) = (protected(&platform).await, protected(&platform).await);
    let (viewer, other) = (platform.account("viewer").await, platform.account("viewer").await);
    let session = start(&viewer, &film).await.expect(201);
    let kid = kid(&session).await;
    other.post(path(&session), &request(&kid)).await.refused(403, "licence_token_invalid");
    let of_other_film = kid_of(&viewer, &other_film).await;
    viewer.post(path(&session), &request(&of_other_film)).await.refused(403, "key_not_granted");
    viewer.delete(session["end_path"].as_str().expect("a path")).await.expect(204);
    viewer.post(path(&session), &request(&kid)).await.refused(403, "session_ended");
}

async fn kid_of(viewer: &Account, video_id: &str) -> String {
    kid(&start(viewer, video_id).await.expect(201)).await
}

#[tokio::test]
async fn a_video_that_is_not_protected_needs_no_keys_and_other_key_systems_are_not_here() {
    let platform = Platform::running();
    let viewer = platform.account("viewer").await;
    let open = start(&viewer, &published(&platform).await).await.expect(201);
    assert_eq!(open["licences"], Value::Null);
    let session = start(&viewer, &protected(&platform).await).await.expect(201);
    assert_eq!(session["licences"]["widevine"], Value::Null);
    let widevine = path(&session).replace("clearkey", "widevine");
    let asked = viewer.request(reqwest::Method::POST, &widevine).body("a licence request");
    platform.send(asked).await.refused(404, "key_system_not_offered");
}

#[tokio::test]
async fn an_upload_says_how_its_video_is_to_be_protected() {
    let platform = Platform::running();
    let creator = platform.account("creator").await;
    let upload =
        json!({"file_name": "a.mp4", "content_type": "video/mp4", "size_bytes": 9, "protection": "cenc"});
    assert_eq!(creator.post("/v1/uploads", &upload).await.expect(201)["protection"], "cenc");
    let without = json!({"file_name": "a.mp4", "content_type": "video/mp4", "size_bytes": 9});
    assert_eq!(creator.post("/v1/uploads", &without).await.expect(201)["protection"], "none");
    let unknown =
        json!({"file_name": "a.mp4", "content_type": "video/mp4", "size_bytes": 9, "protection": "rot13"});
    creator.post("/v1/uploads", &unknown).await.refused(400, "invalid_request");
}
