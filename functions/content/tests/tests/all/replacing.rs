//! Another file for a video that is there: it keeps all that it is, and plays the later one.

use content_tests::Stand;
use content_tests::samples::{
    COMPLETED, FAILED, INITIATED, completed, failed, initiated, new_user_id, new_video_id, replaced,
};
use mcsp_ids::{UploadId, UserId, VideoId};
use mcsp_testbed::{new_id, unique};
use serde_json::{Value, json};

async fn deliver(stand: &Stand, kind: &str, data: &Value) -> u16 {
    stand.events.deliver(&unique(), kind, data).await.status
}

async fn seen(stand: &Stand, video: VideoId, owner: UserId) -> Value {
    stand.send_as(owner, &stand.videos, ("GET", &format!("/v1/videos/{video}")), None).await.json
}

async fn act(stand: &Stand, video: VideoId, owner: UserId, verb: &str) {
    let path = format!("/v1/videos/{video}/{verb}");
    let reply = stand.send_as(owner, &stand.publication, ("POST", &path), None).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
}

/// A video that is ready and has a title.
async fn ready(stand: &Stand) -> (VideoId, UserId) {
    let (video, owner) = (new_video_id(), new_user_id());
    for (kind, data) in [(INITIATED, initiated(video, owner)), (COMPLETED, completed(video))] {
        assert_eq!(deliver(stand, kind, &data).await, 204);
    }
    let title = Some(json!({"title": "A walk"}));
    let path = format!("/v1/videos/{video}");
    assert_eq!(stand.send_as(owner, &stand.videos, ("PATCH", &path), title).await.status, 200);
    (video, owner)
}

#[tokio::test]
async fn a_published_video_plays_another_file_and_is_otherwise_what_it_was() {
    let stand = Stand::new().await;
    let (video, owner) = ready(&stand).await;
    act(&stand, video, owner, "publish").await;
    let before = seen(&stand, video, owner).await;
    let upload: UploadId = new_id();
    let mut announced = initiated(video, owner);
    (announced["upload_id"], announced["replaces"]) = (json!(upload), json!(true));
    assert_eq!(deliver(&stand, INITIATED, &announced).await, 204);
    assert_eq!(seen(&stand, video, owner).await, before);
    for _ in 0..2 {
        assert_eq!(deliver(&stand, COMPLETED, &replaced(video, upload, 7_000)).await, 204);
    }
    let after = seen(&stand, video, owner).await;
    assert_eq!((&before["duration_ms"], &after["duration_ms"]), (&json!(2_000), &json!(7_000)));
    let mut same = after.clone();
    for changed in ["duration_ms", "version", "updated_at"] {
        same[changed] = before[changed].clone();
    }
    assert_eq!(same, before);
    let told = stand.bed.emitted(video).await.pop().unwrap();
    assert_eq!(
        (told.topic.as_str(), told.kind.as_str()),
        ("media.changed", "mcsp.content.video.replaced.v1")
    );
    assert_eq!(told.data["packaged"]["prefix"], format!("packaged/{video}/{upload}/"));
    assert_eq!(after["version"].as_i64().unwrap(), before["version"].as_i64().unwrap() + 1);
}

#[tokio::test]
async fn what_is_earlier_has_failed_or_is_elsewhere_replaces_nothing() {
    let stand = Stand::new().await;
    let (video, owner) = ready(&stand).await;
    let (earlier, later): (UploadId, UploadId) = (new_id(), new_id());
    assert_eq!(deliver(&stand, COMPLETED, &replaced(video, later, 7_000)).await, 204);
    let before = seen(&stand, video, owner).await;
    let mut gave_up = failed(video);
    (gave_up["upload_id"], gave_up["replaces"]) = (json!(new_id::<mcsp_ids::Upload>()), json!(true));
    for (kind, data) in
        [(COMPLETED, replaced(video, earlier, 9_000)), (FAILED, gave_up), (COMPLETED, completed(video))]
    {
        assert_eq!(deliver(&stand, kind, &data).await, 204);
        assert_eq!(seen(&stand, video, owner).await, before, "{kind}");
    }
    // In the place of the first file it would be played by whoever still plays that.
    let mut elsewhere = replaced(video, new_id(), 9_000);
    elsewhere["packaged"]["prefix"] = json!(format!("packaged/{video}/"));
    assert_eq!(deliver(&stand, COMPLETED, &elsewhere).await, 422);
}

#[tokio::test]
async fn what_comes_before_the_first_file_is_done_comes_again() {
    let stand = Stand::new().await;
    let (video, owner) = (new_video_id(), new_user_id());
    let replacing = replaced(video, new_id(), 7_000);
    assert_eq!(deliver(&stand, COMPLETED, &replacing).await, 409);
    assert_eq!(deliver(&stand, INITIATED, &initiated(video, owner)).await, 204);
    assert_eq!(deliver(&stand, COMPLETED, &replacing).await, 409);
    assert_eq!(deliver(&stand, COMPLETED, &completed(video)).await, 204);
    assert_eq!(deliver(&stand, COMPLETED, &replacing).await, 204);
    assert_eq!(seen(&stand, video, owner).await["duration_ms"], 7_000);
}

#[tokio::test]
async fn a_video_that_is_deleted_comes_back_with_the_new_file() {
    let stand = Stand::new().await;
    let (video, owner) = ready(&stand).await;
    act(&stand, video, owner, "publish").await;
    let path = format!("/v1/videos/{video}");
    assert_eq!(stand.send_as(owner, &stand.videos, ("DELETE", &path), None).await.status, 200);
    assert_eq!(deliver(&stand, COMPLETED, &replaced(video, new_id(), 7_000)).await, 204);
    let restore = format!("{path}/restore");
    assert_eq!(stand.send_as(owner, &stand.videos, ("POST", &restore), None).await.status, 200);
    let back = seen(&stand, video, owner).await;
    assert_eq!((&back["state"], &back["duration_ms"]), (&json!("published"), &json!(7_000)));
}
