//! `/v1/videos/{id}/thumbnails`, and what is below it: with the images that the pipeline really takes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use mcsp_tests::{Account, Platform, put_as_signed, titled_video};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// As an `<img>` does: the URL, and no header.
async fn load(platform: &Platform, thumbnail: &Value) -> (u16, Bytes) {
    let url = thumbnail["url"].as_str().expect("a URL");
    let answer = platform.client().get(url).send().await.expect("the object store answers");
    (answer.status().as_u16(), answer.bytes().await.expect("a body"))
}

/// Sends an image, and gives the thumbnail that it is to be.
async fn send(owner: &Account, thumbnails: &str, content_type: &str, bytes: &Bytes) -> Value {
    let checksum = STANDARD.encode(Sha256::digest(bytes));
    let wanted =
        json!({"content_type": content_type, "size_bytes": bytes.len(), "checksum_sha256": checksum});
    let declared = owner.post(thumbnails, &wanted).await.expect(201);
    assert_eq!(put_as_signed(owner, &declared["put"], bytes.clone()).await, 200);
    declared
}

#[tokio::test]
async fn a_video_has_the_images_of_the_pipeline_and_is_shown_by_the_one_that_its_owner_sends() {
    let platform = Platform::running();
    let owner = platform.account("creator").await;
    let (video_id, _) = titled_video(&owner).await;
    let video = format!("/v1/videos/{video_id}");
    owner.post(&format!("{video}/publish"), &json!({})).await.expect(200);
    let thumbnails = format!("{video}/thumbnails");

    // Whoever sees the video, without a token too.
    let list = platform.get(&thumbnails).await.expect(200);
    let made = list["items"].as_array().expect("items");
    assert_eq!(made.len(), 3, "{list}");
    for thumbnail in made {
        let (status, bytes) = load(&platform, thumbnail).await;
        assert_eq!((status, &bytes[..3]), (200, &b"\xff\xd8\xff"[..]));
        assert_eq!((&thumbnail["width"], &thumbnail["height"]), (&json!(320), &json!(180)));
    }
    assert_eq!(platform.get(&video).await.expect(200)["thumbnail"], made[0]);

    let (_, picture) = load(&platform, &made[2]).await;
    let declared = send(&owner, &thumbnails, "image/jpeg", &picture).await;
    let own = format!("{thumbnails}/{}", declared["id"].as_str().expect("an id"));
    let complete = format!("{own}/complete");
    let completed = owner.post(&complete, &json!({})).await.expect(200);
    assert_eq!(owner.post(&complete, &json!({})).await.expect(200), completed);
    let selected = owner.put(&format!("{own}/select"), &json!({})).await.expect(200);
    assert_eq!(platform.get(&video).await.expect(200)["thumbnail"], selected);
    assert_eq!(load(&platform, &selected).await, (200, picture.clone()));

    // What says that it is a PNG and is none.
    let declared = send(&owner, &thumbnails, "image/png", &picture).await;
    let complete = format!("{thumbnails}/{}/complete", declared["id"].as_str().expect("an id"));
    owner.post(&complete, &json!({})).await.refused(422, "content_type_mismatch");

    let stranger = platform.account("creator").await;
    stranger.put(&format!("{own}/select"), &json!({})).await.refused(404, "not_found");
    assert_eq!(owner.delete(&own).await.status, 204);
    assert_eq!(load(&platform, &selected).await.0, 404);
    assert_eq!(platform.get(&video).await.expect(200)["thumbnail"], made[0]);

    owner.put(&format!("{video}/visibility"), &json!({"visibility": "private"})).await.expect(200);
    platform.get(&thumbnails).await.refused(404, "not_found");
    assert_eq!(owner.get(&thumbnails).await.expect(200)["items"].as_array().expect("items").len(), 3);
}
