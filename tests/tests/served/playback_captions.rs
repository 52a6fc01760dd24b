//! Captions, as a player finds them.

use mcsp_tests::playing::{published_by, start};
use mcsp_tests::{Account, Platform, eventually};
use reqwest::Method;
use serde_json::{Value, json};

const FILE: &str = "WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nIt rains.\n";

/// What a start lists, once it lists so many. It takes no slot from the next one.
async fn eventually_listed(account: &Account, video_id: &str, count: usize) -> Value {
    eventually("so many captions are listed", async || {
        let session = start(account, video_id).await.expect(201);
        account.delete(session["end_path"].as_str().expect("a path")).await.expect(204);
        let is_so = session["captions"].as_array().expect("captions").len() == count;
        is_so.then(|| session["captions"].clone())
    })
    .await
}

#[tokio::test]
async fn a_start_says_where_the_captions_are_and_who_plays_loads_them() {
    let platform = Platform::running();
    let (owner, viewer) = (platform.account("creator").await, platform.account("viewer").await);
    let video_id = published_by(&owner).await;
    eventually_listed(&viewer, &video_id, 0).await;
    let path = format!("/v1/videos/{video_id}/captions/en");
    owner.put_file(&path, "text/vtt", FILE).await.expect(201);
    let listed = eventually_listed(&viewer, &video_id, 1).await;
    assert_eq!(listed, json!([{"language": "en", "content_type": "text/vtt", "path": path}]));
    let file = viewer.get(&path).await;
    assert_eq!((file.text.as_str(), file.header("content-type")), (FILE, "text/vtt;charset=utf-8"));

    // Of a private video with the token of who may play it, and not without.
    let private = json!({"visibility": "private"});
    owner.put(&format!("/v1/videos/{video_id}/visibility"), &private).await.expect(200);
    eventually_listed(&owner, &video_id, 1).await;
    assert_eq!(owner.get(&path).await.text, FILE);
    platform.send(platform.request(Method::GET, &path)).await.refused(404, "not_found");

    owner.delete(&path).await.expect(204);
    eventually_listed(&owner, &video_id, 0).await;
}
