//! Another file for a published video: it plays on, and then plays the new one.

use mcsp_tests::playing::{published_by, start};
use mcsp_tests::{Account, Platform, eventually, mp4_of, put_as_signed};
use serde_json::{Value, json};

const NEW_DURATION_S: u32 = 4;

async fn video(owner: &Account, video_id: &str) -> Value {
    owner.get(&format!("/v1/videos/{video_id}")).await.expect(200)
}

/// Sends a file in the place of the one that a video has, and gives the upload.
async fn replace(owner: &Account, video_id: &str, file: Vec<u8>) -> Value {
    let wanted = json!({
        "file_name": "new.mp4", "content_type": "video/mp4", "size_bytes": file.len(), "method": "put", "video_id": video_id,
    });
    let upload = owner.post("/v1/uploads", &wanted).await.expect(201);
    assert_eq!(put_as_signed(owner, &upload["put"], file).await, 200);
    let path = format!("/v1/uploads/{}", upload["id"].as_str().expect("an id"));
    owner.post(&format!("{path}/complete"), &json!({})).await.expect(200);
    upload
}

async fn until(owner: &Account, upload: &Value, state: &str) -> Value {
    let path = format!("/v1/uploads/{}", upload["id"].as_str().expect("an id"));
    eventually(state, async || Some(owner.get(&path).await.json).filter(|upload| upload["state"] == state))
        .await
}

/// Where a new viewer plays a video.
async fn manifest(platform: &Platform, video_id: &str) -> String {
    let session = start(&platform.account("viewer").await, video_id).await.expect(201);
    session["manifests"]["hls"].as_str().expect("a manifest").to_owned()
}

#[tokio::test]
async fn a_published_video_keeps_all_but_what_it_plays() {
    let platform = Platform::running();
    let owner = platform.account("creator").await;
    let video_id = published_by(&owner).await;
    let (before, old) = (video(&owner, &video_id).await, manifest(&platform, &video_id).await);
    let broken = b"\0\0\0\x20ftypisom\0\0\x02\0 and nothing that could be played".to_vec();
    let broken = replace(&owner, &video_id, broken).await;
    assert!(until(&owner, &broken, "failed").await["failure_code"].is_string());
    assert_eq!(video(&owner, &video_id).await, before);

    let file = mp4_of(NEW_DURATION_S).await;
    let size = file.len();
    let upload = replace(&owner, &video_id, file).await;
    let after = eventually("the video has its new file", async || {
        let now = video(&owner, &video_id).await;
        assert_eq!((&now["state"], &now["title"]), (&before["state"], &before["title"]));
        (now["duration_ms"] != before["duration_ms"]).then_some(now)
    })
    .await;
    let expected_ms = u64::from(NEW_DURATION_S) * 1000;
    let duration_ms = after["duration_ms"].as_u64().expect("a duration");
    assert!(duration_ms.abs_diff(expected_ms) < 300, "{after}");
    assert_eq!(after["published_at"], before["published_at"]);
    until(&owner, &upload, "ready").await;

    let id = upload["id"].as_str().expect("an id");
    let new = eventually("Playback plays the new file", async || {
        let url = manifest(&platform, &video_id).await;
        url.contains(id).then_some(url)
    })
    .await;
    // Whoever plays the old one still has it.
    for url in [old, new] {
        let answer = platform.client().get(&url).send().await.expect("the CDN answers");
        assert_eq!(answer.status().as_u16(), 200, "{url}");
    }
    let quota = owner.get("/v1/uploads/quota").await.expect(200);
    assert_eq!(quota["used_bytes"], size, "the old file counts no more");
}
