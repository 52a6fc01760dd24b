//! A video from its first word to its audience: made without a file, planned, given its file, published by itself.

use jiff::{SignedDuration, Timestamp};
use mcsp_tests::playing::start;
use mcsp_tests::{Account, Platform, eventually, put_as_signed, sample_mp4};
use serde_json::{Value, json};

async fn video(owner: &Account, path: &str) -> Value {
    owner.get(path).await.expect(200)
}

fn file_for(video_id: &Value, size_bytes: usize) -> Value {
    json!({
        "file_name": "a.mp4", "content_type": "video/mp4", "size_bytes": size_bytes, "method": "put", "video_id": video_id,
    })
}

#[tokio::test]
async fn a_draft_gets_its_file_and_is_published_when_it_is_ready() {
    let platform = Platform::running();
    let owner = platform.account("creator").await;
    let said = json!({"title": "A walk in the hills", "tags": ["hiking"], "visibility": "unlisted"});
    let draft = owner.post("/v1/videos", &said).await.expect(201);
    let path = format!("/v1/videos/{}", draft["id"].as_str().expect("an id"));
    let publish_at = Timestamp::now() + SignedDuration::from_secs(3);
    owner.put(&format!("{path}/schedule"), &json!({"publish_at": publish_at})).await.expect(200);
    owner.post(&format!("{path}/publish"), &json!({})).await.refused(409, "not_ready");
    let viewer = platform.account("viewer").await;
    viewer.get(&path).await.refused(404, "not_found");
    let video_id = draft["id"].as_str().expect("an id");
    start(&viewer, video_id).await.refused(404, "not_found");

    // Another's draft is nobody's, to who would give it a file.
    let file = sample_mp4().await;
    let stranger = platform.account("creator").await;
    stranger.post("/v1/uploads", &file_for(&draft["id"], file.len())).await.refused(404, "not_found");
    let taken_back = owner.post("/v1/uploads", &file_for(&draft["id"], file.len())).await.expect(201);
    let again = owner.post("/v1/uploads", &file_for(&draft["id"], file.len())).await;
    again.refused(409, "source_not_ready");
    let upload_path = |upload: &Value| format!("/v1/uploads/{}", upload["id"].as_str().expect("an id"));
    owner.delete(&upload_path(&taken_back)).await.expect(204);
    assert_eq!(video(&owner, &path).await["state"], "draft");

    let upload = owner.post("/v1/uploads", &file_for(&draft["id"], file.len())).await.expect(201);
    assert_eq!((&upload["video_id"], &upload["replaces"]), (&draft["id"], &json!(false)));
    assert_eq!(put_as_signed(&owner, &upload["put"], file).await, 200);
    owner.post(&format!("{}/complete", upload_path(&upload)), &json!({})).await.expect(200);
    let published = eventually("the video is published", async || {
        Some(video(&owner, &path).await).filter(|video| video["state"] == "published")
    })
    .await;
    assert_eq!((&published["title"], &published["tags"]), (&said["title"], &said["tags"]));
    assert_eq!((&published["visibility"], &published["scheduled_at"]), (&json!("unlisted"), &Value::Null));
    eventually("it can be played", async || {
        (start(&viewer, video_id).await.status.as_u16() == 201).then_some(())
    })
    .await;
}
