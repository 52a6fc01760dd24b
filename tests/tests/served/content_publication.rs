//! `POST /v1/videos/{id}/publish`, `…/unpublish`, `PUT …/visibility`.

use mcsp_tests::{Account, Answer, Platform, ready_video, titled_video};
use serde_json::json;
use uuid::Uuid;

/// Of the right kind, and nobody's.
const UNKNOWN: &str = "video_01h455vb4pex5vsknk084sn02q";
/// Who publish the same video at the same time.
const PUBLISHERS: usize = 16;

async fn act(account: &Account, video_id: &str, act: &str) -> Answer {
    account.post(&format!("/v1/videos/{video_id}/{act}"), &json!({})).await
}

async fn set_visibility(account: &Account, video_id: &str, visibility: &str) -> Answer {
    account.put(&format!("/v1/videos/{video_id}/visibility"), &json!({"visibility": visibility})).await
}

#[tokio::test]
async fn publishing_twice_publishes_once_and_answers_the_same() {
    let owner = Platform::running().account("creator").await;
    let (video_id, _) = titled_video(&owner).await;
    let first = act(&owner, &video_id, "publish").await;
    assert_eq!(first.header("etag"), "\"4\"");
    let first = first.expect(200);
    assert_eq!((&first["state"], &first["visibility"]), (&json!("published"), &json!("public")));
    assert!(first["published_at"].is_string(), "{first}");
    assert_eq!(act(&owner, &video_id, "publish").await.expect(200), first);
}

#[tokio::test]
async fn publishing_at_the_same_time_publishes_once_and_answers_the_same() {
    let owner = Platform::running().account("creator").await;
    let (video_id, _) = titled_video(&owner).await;
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|_| {
            let (owner, video_id) = (owner.clone(), video_id.clone());
            tokio::spawn(async move { act(&owner, &video_id, "publish").await.expect(200) })
        })
        .collect();
    let mut answers = Vec::new();
    for publisher in publishers {
        answers.push(publisher.await.expect("an answer"));
    }
    // One event belongs to each version: a second publication would have made another.
    assert!(answers.iter().all(|answer| answer == &answers[0] && answer["version"] == 4), "{answers:?}");
}

#[tokio::test]
async fn a_repeated_key_gets_the_first_answer_and_has_no_effect() {
    let owner = Platform::running().account("creator").await;
    let (video_id, _) = titled_video(&owner).await;
    let (path, key) = (format!("/v1/videos/{video_id}/publish"), Uuid::new_v4().to_string());
    let first = owner.post_with_key(&path, &json!({}), &key).await.expect(200);
    act(&owner, &video_id, "unpublish").await.expect(200);
    assert_eq!(owner.post_with_key(&path, &json!({}), &key).await.expect(200), first);
    let now = owner.get(&format!("/v1/videos/{video_id}")).await.expect(200);
    assert_eq!(now["state"], "unpublished");
}

#[tokio::test]
async fn what_was_taken_back_can_be_published_again_and_keeps_its_date() {
    let owner = Platform::running().account("creator").await;
    let (video_id, _) = titled_video(&owner).await;
    act(&owner, &video_id, "unpublish").await.refused(409, "not_published");
    let first = act(&owner, &video_id, "publish").await.expect(200);
    let taken_back = act(&owner, &video_id, "unpublish").await.expect(200);
    assert_eq!((&taken_back["state"], &taken_back["version"]), (&json!("unpublished"), &json!(5)));
    assert_eq!(act(&owner, &video_id, "unpublish").await.expect(200), taken_back);
    let again = act(&owner, &video_id, "publish").await.expect(200);
    assert_eq!((&again["state"], &again["version"]), (&json!("published"), &json!(6)));
    assert_eq!(again["published_at"], first["published_at"]);
}

#[tokio::test]
async fn without_a_title_nothing_is_published() {
    let owner = Platform::running().account("creator").await;
    let video_id = ready_video(&owner).await;
    act(&owner, &video_id, "publish").await.refused(409, "title_missing");
    assert_eq!(owner.get(&format!("/v1/videos/{video_id}")).await.expect(200)["state"], "ready");
}

#[tokio::test]
async fn visibility_is_set_in_any_state_and_once() {
    let owner = Platform::running().account("creator").await;
    let (video_id, _) = titled_video(&owner).await;
    let private = set_visibility(&owner, &video_id, "private").await.expect(200);
    assert_eq!((&private["visibility"], &private["version"]), (&json!("private"), &json!(4)));
    assert_eq!(set_visibility(&owner, &video_id, "private").await.expect(200), private);
    let published = act(&owner, &video_id, "publish").await.expect(200);
    assert_eq!(published["visibility"], "private");
    set_visibility(&owner, &video_id, "secret").await.refused(400, "invalid_request");
    for (visibility, level, code) in [
        ("subscribers", 0, "out_of_range"),
        ("subscribers", 101, "out_of_range"),
        ("private", 1, "not_for_this_visibility"),
    ] {
        let body = json!({"visibility": visibility, "minimum_plan_level": level});
        let answer = owner.put(&format!("/v1/videos/{video_id}/visibility"), &body).await;
        answer.refused(422, "validation_failed");
        let error = &answer.json["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!("/minimum_plan_level"), &json!(code)));
    }
    let path = format!("/v1/videos/{video_id}/visibility");
    let put = |etag: &str| {
        let request = owner.request(reqwest::Method::PUT, &path).header("if-match", etag);
        owner.platform.send(request.json(&json!({"visibility": "unlisted"})))
    };
    put("\"4\"").await.refused(412, "stale");
    assert_eq!(put("\"5\"").await.expect(200)["visibility"], "unlisted");
    let subscribers = set_visibility(&owner, &video_id, "subscribers").await.expect(200);
    assert_eq!(
        (&subscribers["visibility"], &subscribers["minimum_plan_level"]),
        (&json!("subscribers"), &json!(1))
    );
    let higher = json!({"visibility": "subscribers", "minimum_plan_level": 2});
    let higher = owner.put(&path, &higher).await.expect(200);
    assert_eq!((&higher["minimum_plan_level"], &higher["version"]), (&json!(2), &json!(8)));
}

#[tokio::test]
async fn nobody_publishes_what_is_not_theirs() {
    let owner = Platform::running().account("creator").await;
    let (video_id, _) = titled_video(&owner).await;
    let (creator, viewer) = (owner.platform.account("creator").await, owner.platform.account("viewer").await);
    for path in ["publish", "unpublish"] {
        act(&creator, &video_id, path).await.refused(404, "not_found");
        act(&viewer, &video_id, path).await.refused(403, "insufficient_permission");
        act(&owner, UNKNOWN, path).await.refused(404, "not_found");
    }
    set_visibility(&creator, &video_id, "private").await.refused(404, "not_found");
    set_visibility(&viewer, &video_id, "private").await.refused(403, "insufficient_permission");
    set_visibility(&owner, UNKNOWN, "private").await.refused(404, "not_found");
    let video = owner.get(&format!("/v1/videos/{video_id}")).await.expect(200);
    assert_eq!((&video["state"], &video["visibility"]), (&json!("ready"), &json!("public")));
}
