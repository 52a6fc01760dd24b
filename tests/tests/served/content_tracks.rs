//! `/v1/videos/{id}/chapters`, `/v1/videos/{id}/chapters.vtt`, `/v1/videos/{id}/captions` and `/v1/videos/{id}/captions/{language}`.

use mcsp_tests::{Account, Platform, titled_video};
use reqwest::Method;
use serde_json::json;

const FILE: &str = "WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nIt rains.\n";

async fn published(owner: &Account) -> String {
    let (video_id, _) = titled_video(owner).await;
    let path = format!("/v1/videos/{video_id}");
    owner.post(&format!("{path}/publish"), &json!({})).await.expect(200);
    path
}

#[tokio::test]
async fn players_load_the_captions_and_chapters_of_a_video_that_its_owner_has_given_it() {
    let platform = Platform::running();
    let owner = platform.account("creator").await;
    let video = published(&owner).await;
    let (captions, chapters) = (format!("{video}/captions"), format!("{video}/chapters"));
    owner.put_file(&format!("{captions}/en"), "text/vtt", FILE).await.expect(201);
    let subrip = "1\n00:00:00,500 --> 00:00:01,500\nEs regnet.\n";
    owner.put_file(&format!("{captions}/de"), "application/x-subrip", subrip).await.expect(201);
    let said =
        json!({"chapters": [{"start_ms": 0, "title": "Up & down"}, {"start_ms": 1_000, "title": "Home"}]});
    assert_eq!(owner.put(&chapters, &said).await.expect(200), said);

    // Whoever sees the video, without a token too.
    let load = async |path: String| platform.send(platform.request(Method::GET, &path)).await;
    let file = load(format!("{captions}/en")).await;
    assert_eq!((file.text.as_str(), file.header("content-type")), (FILE, "text/vtt;charset=utf-8"));
    assert_eq!(
        load(format!("{captions}/de")).await.text,
        "WEBVTT\n\n1\n00:00:00.500 --> 00:00:01.500\nEs regnet.\n"
    );
    assert!(load(format!("{chapters}.vtt")).await.text.contains("--> 00:00:01.000\nUp &amp; down\n"));
    let page = load(video.clone()).await.expect(200);
    assert_eq!((&page["caption_languages"], &page["has_chapters"]), (&json!(["de", "en"]), &json!(true)));
    assert_eq!(load(captions.clone()).await.expect(200)["items"][0]["language"], "de");

    owner.put(&format!("{video}/visibility"), &json!({"visibility": "private"})).await.expect(200);
    for path in [captions.clone(), format!("{captions}/en"), chapters.clone(), format!("{chapters}.vtt")] {
        load(path).await.refused(404, "not_found");
    }
    assert_eq!(owner.delete(&format!("{captions}/en")).await.status, 204);
    owner.get(&format!("{captions}/en")).await.refused(404, "not_found");
}

#[tokio::test]
async fn captions_are_as_long_as_they_may_be_and_no_longer() {
    let owner = Platform::running().account("creator").await;
    let path = format!("{}/captions/en", published(&owner).await);
    let longest = format!("{FILE}{}\n", "x".repeat(1024 * 1024 - FILE.len() - 1));
    owner.put_file(&path, "text/vtt", longest.clone()).await.expect(201);
    assert_eq!(owner.get(&path).await.text, longest);
    owner.put_file(&path, "text/vtt", format!("{longest}\n")).await.refused(413, "body_too_large");
    owner.put_file(&path, "text/vtt", "WEBVTT\n\nIt rains.\n").await.refused(422, "validation_failed");
    owner.put_file(&path, "text/plain", FILE).await.refused(415, "unsupported_media_type");
    let stranger = owner.platform.account("creator").await;
    stranger.put_file(&path, "text/vtt", FILE).await.refused(404, "not_found");
}
