//! `/v1/videos/{id}/collaborators`, `/v1/videos/shared` and `/v1/videos/{id}/transfer`: across Content, Playback and Upload.

use mcsp_tests::playing::{published_by, start};
use mcsp_tests::{Platform, eventually};
use serde_json::json;

#[tokio::test]
async fn who_works_on_a_private_video_sees_and_plays_it() {
    let platform = Platform::running();
    let owner = platform.account("creator").await;
    let (viewer, stranger) = (platform.account("viewer").await, platform.account("viewer").await);
    let video_id = published_by(&owner).await;
    let path = format!("/v1/videos/{video_id}");
    owner.put(&format!("{path}/visibility"), &json!({"visibility": "private"})).await.expect(200);
    eventually("Playback has heard that it is private", async || {
        (start(&stranger, &video_id).await.status == 404).then_some(())
    })
    .await;
    viewer.get(&path).await.refused(404, "not_found");

    let collaborator = format!("{path}/collaborators/{}", viewer.user_id);
    owner.put(&collaborator, &json!({"role": "viewer"})).await.expect(201);
    assert_eq!(viewer.get(&path).await.expect(200)["visibility"], "private");
    assert_eq!(viewer.get("/v1/videos/shared").await.expect(200)["items"][0]["video"]["id"], video_id);
    viewer.patch(&path, &json!({"title": "Mine"}), None).await.refused(403, "insufficient_permission");
    eventually("Playback has heard who works on it", async || {
        (start(&viewer, &video_id).await.status == 201).then_some(())
    })
    .await;
    start(&stranger, &video_id).await.refused(404, "not_found");

    assert_eq!(viewer.delete(&collaborator).await.status, 204);
    viewer.get(&path).await.refused(404, "not_found");
    eventually("Playback has heard that they do no more", async || {
        (start(&viewer, &video_id).await.status == 404).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_video_that_is_accepted_goes_with_its_bytes() {
    let platform = Platform::running();
    let (owner, new) = (platform.account("creator").await, platform.account("creator").await);
    let video_id = published_by(&owner).await;
    let path = format!("/v1/videos/{video_id}");
    let used = owner.get("/v1/uploads/quota").await.expect(200)["used_bytes"].clone();
    assert_eq!(new.get("/v1/uploads/quota").await.expect(200)["used_bytes"], 0);
    owner.post(&format!("{path}/transfer"), &json!({"to": new.user_id})).await.expect(201);
    assert_eq!(new.get(&format!("{path}/transfer")).await.expect(200)["from"], owner.user_id);
    let taken = new.post(&format!("{path}/transfer/accept"), &json!({})).await.expect(200);
    assert_eq!((&taken["owner_id"], &taken["state"]), (&json!(new.user_id), &json!("published")));
    owner.patch(&path, &json!({"title": "Mine still"}), None).await.refused(404, "not_found");
    new.patch(&path, &json!({"title": "Mine now"}), None).await.expect(200);

    eventually("the bytes count for whose the video is", async || {
        let counted = new.get("/v1/uploads/quota").await.expect(200)["used_bytes"].clone();
        (counted == used).then_some(())
    })
    .await;
    assert_eq!(owner.get("/v1/uploads/quota").await.expect(200)["used_bytes"], 0);
    let wanted = json!({
        "file_name": "new.mp4", "content_type": "video/mp4", "size_bytes": 64, "method": "put", "video_id": video_id,
    });
    owner.post("/v1/uploads", &wanted).await.refused(404, "not_found");
    new.post("/v1/uploads", &wanted).await.expect(201);
    // What is private is played by whose it is now, and by nobody else.
    new.put(&format!("{path}/visibility"), &json!({"visibility": "private"})).await.expect(200);
    eventually("Playback knows whose it is", async || {
        (start(&owner, &video_id).await.status == 404 && start(&new, &video_id).await.status == 201)
            .then_some(())
    })
    .await;
}
