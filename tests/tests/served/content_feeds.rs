//! `/v1/creators/{id}/feed`, `/v1/oembed` and `/v1/videos/{id}/embedding`.

use mcsp_tests::{Platform, eventually, titled_video};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn anybody_follows_a_creator_and_sees_what_is_public() {
    let platform = Platform::running();
    let owner = platform.account("creator").await;
    let (video_id, _) = titled_video(&owner).await;
    let path = format!("/v1/videos/{video_id}");
    let owner_id = owner.get(&path).await.expect(200)["owner_id"].as_str().unwrap().to_owned();
    let feed = format!("/v1/creators/{owner_id}/feed");
    let load = async || platform.send(platform.request(Method::GET, &feed)).await;
    assert!(!load().await.text.contains(&video_id));

    owner.post(&format!("{path}/publish"), &json!({})).await.expect(200);
    let followed = load().await;
    assert_eq!(followed.header("content-type"), "application/rss+xml;charset=utf-8");
    assert!(
        followed.text.contains(&format!("<guid isPermaLink=\"false\">{video_id}</guid>")),
        "{}",
        followed.text
    );
    let known = platform.request(Method::GET, &feed).header("if-none-match", followed.header("etag"));
    assert_eq!(platform.send(known).await.status, 304);

    owner.put(&format!("{path}/visibility"), &json!({"visibility": "unlisted"})).await.expect(200);
    assert!(!load().await.text.contains(&video_id));
}

#[tokio::test]
async fn a_page_that_may_not_embed_a_video_does_not_play_it() {
    let platform = Platform::running();
    let owner = platform.account("creator").await;
    let (video_id, _) = titled_video(&owner).await;
    let path = format!("/v1/videos/{video_id}");
    let listed = json!({"mode": "listed", "origins": ["https://blog.example"]});
    let said = owner.put(&format!("{path}/embedding"), &listed).await.expect(200);
    assert_eq!(said["embedding"], listed);
    owner.post(&format!("{path}/publish"), &json!({})).await.expect(200);

    let viewer = platform.account("viewer").await;
    let start = async |page: &str| {
        let body = json!({"video_id": video_id, "device": {"id": "tv"}, "embedding_origin": page});
        viewer.post("/v1/playback/sessions", &body).await
    };
    // Until Playback has heard of it.
    eventually("a start in a page that may", async || {
        let answer = start("https://blog.example").await;
        (answer.status.as_u16() == 201).then_some(())
    })
    .await;
    start("https://other.example").await.refused(403, "embedding_denied");
    assert_eq!(viewer.get(&path).await.expect(200)["embedding"], json!(null), "its owner alone sees which");
}
