//! `/v1/drafts`, through the runner: what is written before there is a video becomes the video's, and it is published by itself.

use jiff::{SignedDuration, Timestamp};
use mcsp_tests::{Account, Platform, eventually, put_as_signed, sample_mp4};
use serde_json::{Value, json};

/// The pipeline takes a few seconds; it may take longer than this, and nothing is lost by it.
const PUBLISHED_AFTER: SignedDuration = SignedDuration::from_secs(3);

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

async fn upload(creator: &Account, bytes: &[u8]) -> Value {
    let wanted = json!({"file_name": "a.mp4", "size_bytes": bytes.len(), "content_type": "video/mp4"});
    creator.post("/v1/uploads", &wanted).await.expect(201)
}

async fn send_and_complete(creator: &Account, upload: &Value, bytes: &'static [u8]) {
    assert_eq!(put_as_signed(creator, &upload["put"], bytes).await, 200);
    creator.post(&format!("/v1/uploads/{}/complete", text(&upload["id"])), &json!({})).await.expect(200);
}

#[tokio::test]
async fn a_draft_that_is_submitted_before_the_bytes_makes_a_video_that_publishes_itself() {
    let creator = Platform::running().account("creator").await;
    let bytes = sample_mp4().await;
    let mut draft = json!({"title": "A walk in the hills", "tags": ["hiking"], "visibility": "unlisted"});
    let begun = creator.post("/v1/drafts", &draft).await;
    let path = begun.header("location").to_owned();
    begun.expect(201);
    creator.post(&format!("{path}/submit"), &json!({})).await.refused(409, "draft_without_upload");
    let upload = upload(&creator, bytes).await;
    draft["upload_id"] = upload["id"].clone();
    draft["publish_at"] = json!(Timestamp::now() + PUBLISHED_AFTER);
    creator.put(&path, &draft).await.expect(200);
    creator.post(&format!("{path}/submit"), &json!({})).await.expect(200);
    send_and_complete(&creator, &upload, bytes).await;
    let video = format!("/v1/videos/{}", text(&upload["video_id"]));
    let published = eventually("the video is published", async || {
        let seen = creator.get(&video).await.json;
        (seen["state"] == "published").then_some(seen)
    })
    .await;
    assert_eq!((&published["title"], &published["visibility"]), (&draft["title"], &json!("unlisted")));
}

#[tokio::test]
async fn a_draft_that_is_submitted_later_reaches_the_video_that_is_there() {
    let creator = Platform::running().account("creator").await;
    let bytes = sample_mp4().await;
    let upload = upload(&creator, bytes).await;
    send_and_complete(&creator, &upload, bytes).await;
    let video = format!("/v1/videos/{}", text(&upload["video_id"]));
    eventually("the video is ready", async || {
        (creator.get(&video).await.json["state"] == "ready").then_some(())
    })
    .await;
    let draft = json!({"title": "Afterwards", "upload_id": upload["id"]});
    let draft = creator.post("/v1/drafts", &draft).await.expect(201);
    creator.post(&format!("/v1/drafts/{}/submit", text(&draft["id"])), &json!({})).await.expect(200);
    eventually("the video has its title", async || {
        (creator.get(&video).await.json["title"] == "Afterwards").then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_saves_over_what_they_have_not_seen_is_told() {
    let creator = Platform::running().account("creator").await;
    let begun = creator.post("/v1/drafts", &json!({"title": "one"})).await;
    let (path, etag) = (begun.header("location").to_owned(), begun.header("etag").to_owned());
    let save = |title: &str, etag: &str| {
        let body = json!({"title": title});
        creator.request(reqwest::Method::PUT, &path).header("if-match", etag).json(&body)
    };
    creator.platform.send(save("two", &etag)).await.expect(200);
    creator.platform.send(save("three", &etag)).await.refused(412, "stale");
    assert_eq!(creator.get(&path).await.expect(200)["title"], "two");
}

#[tokio::test]
async fn a_viewer_has_no_drafts() {
    let viewer = Platform::running().account("viewer").await;
    viewer.post("/v1/drafts", &json!({})).await.refused(403, "insufficient_permission");
    viewer.get("/v1/drafts").await.refused(403, "insufficient_permission");
}
