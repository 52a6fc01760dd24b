//! `/v1/videos/export`.

use mcsp_tests::{Platform, titled_video};
use serde_json::json;

#[tokio::test]
async fn an_owner_takes_along_what_there_is() {
    let platform = Platform::running();
    let owner = platform.account("creator").await;
    let (video, title) = titled_video(&owner).await;
    let file = "WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nIt rains.\n";
    owner.put_file(&format!("/v1/videos/{video}/captions/en"), "text/vtt", file).await.expect(201);
    assert_eq!(owner.delete(&format!("/v1/videos/{video}")).await.status, 200);
    let page = owner.get("/v1/videos/export").await.expect(200);
    let [of_video, of_captions] = [&page["items"][0]["video"], &page["items"][1]["captions"]];
    assert_eq!((&of_video["id"], &of_video["title"]), (&json!(video), &json!(title)));
    assert_eq!((&of_video["state"], &of_video["caption_languages"]), (&json!("deleted"), &json!(["en"])));
    assert_eq!((&of_captions["webvtt"], &of_captions["is_last"]), (&json!(file), &json!(true)));
    assert_eq!(page["next_cursor"], json!(null));
    let nothing = platform.account("creator").await.get("/v1/videos/export").await.expect(200);
    assert_eq!(nothing["items"], json!([]));
}
