//! Publishing: once for each publication, however often and by however many at once.

use content_tests::Stand;
use content_tests::samples::{INITIATED, initiated, new_user_id, new_video_id};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use mcsp_access::Role;
use mcsp_testbed::unique;
use serde_json::json;

/// Who publish the same video at the same time.
const PUBLISHERS: usize = 16;

async fn publications(stand: &Stand, video: impl ToString) -> usize {
    let emitted = stand.bed.emitted(video).await;
    emitted.iter().filter(|event| event.topic == "media.published").count()
}

#[tokio::test]
async fn publishing_at_the_same_time_emits_one_event_and_answers_the_same() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "Rushed").await;
    let path = format!("/v1/videos/{video}/publish");
    let bearer = stand.bed.bearer(owner, Role::Creator);
    let replies = join_all((0..PUBLISHERS).map(async |_| {
        let key = unique();
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
        stand.publication.send(("POST", &path), &headers, None).await
    }))
    .await;
    for reply in &replies {
        assert_eq!((reply.status, &reply.json), (200, &replies[0].json));
        assert_eq!(reply.headers["etag"], "\"4\"");
    }
    assert_eq!(publications(&stand, video).await, 1);
}

#[tokio::test]
async fn a_repeated_key_gets_the_first_answer_also_after_the_video_has_changed() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "Repeated").await;
    let bearer = stand.bed.bearer(owner, Role::Creator);
    let post = async |act: &str, key: &str| {
        let path = format!("/v1/videos/{video}/{act}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        stand.publication.send(("POST", &path), &headers, None).await
    };
    let first = post("publish", "a").await;
    assert_eq!(post("unpublish", "a").await.json["state"], "unpublished");
    assert_eq!(post("publish", "a").await.json, first.json);
    assert_eq!(publications(&stand, video).await, 1);
    let again = post("publish", "b").await;
    assert_eq!((&again.json["state"], again.json["version"].as_i64()), (&json!("published"), Some(6)));
    assert_eq!(again.json["published_at"], first.json["published_at"], "an old video does not become new");
    assert_eq!(publications(&stand, video).await, 2);
    // One that changes nothing is remembered as well.
    assert_eq!(post("publish", "c").await.json, again.json);
    post("unpublish", "d").await;
    assert_eq!(post("publish", "c").await.json, again.json);
}

#[tokio::test]
async fn what_may_not_be_published_says_why() {
    let stand = Stand::new().await;
    let (owner, video) = (new_user_id(), new_video_id());
    let act = async |user, act: &str| {
        let path = format!("/v1/videos/{video}/{act}");
        let reply = stand.send_as(user, &stand.publication, ("POST", &path), None).await;
        (reply.status, reply.json["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(act(owner, "publish").await, (404, "not_found".into()));
    stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(video, owner)).await;
    assert_eq!(act(owner, "publish").await, (409, "not_ready".into()));
    assert_eq!(act(owner, "unpublish").await, (409, "not_published".into()));
    assert_eq!(act(new_user_id(), "publish").await, (404, "not_found".into()));
    let completed = content_tests::samples::completed(video);
    stand.events.deliver_until_taken(&unique(), content_tests::samples::COMPLETED, &completed).await;
    assert_eq!(act(owner, "publish").await, (409, "title_missing".into()));
    let viewer = stand.bed.bearer(owner, Role::Viewer);
    let path = format!("/v1/videos/{video}/publish");
    let reply = stand.publication.send(("POST", &path), &[("authorization", &viewer)], None).await;
    assert_eq!((reply.status, &reply.json["code"]), (403, &json!("insufficient_permission")));
}

#[tokio::test]
async fn a_stale_writer_is_told_and_changes_nothing() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "Guarded").await;
    let bearer = stand.bed.bearer(owner, Role::Creator);
    let (visibility, edit) = (format!("/v1/videos/{video}/visibility"), format!("/v1/videos/{video}"));
    let headers = |etag| [("authorization", bearer.as_str()), ("if-match", etag)];
    let private = Some(json!({"visibility": "private"}));
    let put = ("PUT", visibility.as_str());
    let stale = stand.publication.send(put, &headers("\"2\""), private.clone()).await;
    assert_eq!((stale.status, &stale.json["code"]), (412, &json!("stale")));
    let fitting = stand.publication.send(put, &headers("\"3\""), private).await;
    assert_eq!((fitting.status, &fitting.json["visibility"]), (200, &json!("private")));
    let renamed = Some(json!({"title": "Overwritten"}));
    let stale = stand.videos.send(("PATCH", &edit), &headers("\"3\""), renamed).await;
    assert_eq!((stale.status, &stale.json["code"]), (412, &json!("stale")));
    let seen = stand.send_as(owner, &stand.videos, ("GET", &edit), None).await;
    assert_eq!((&seen.json["title"], &seen.json["version"]), (&json!("Guarded"), &json!(4)));
}

#[tokio::test]
async fn a_planned_publication_comes_about_in_its_time_and_once() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "Premiere").await;
    let path = format!("/v1/videos/{video}/schedule");
    let publish_at = Timestamp::from_second(stand.bed.now().as_second() + 3_600).unwrap();
    let plan = async |publish_at: Timestamp| {
        let body = json!({"publish_at": publish_at});
        stand.send_as(owner, &stand.publication, ("PUT", &path), Some(body)).await
    };
    let planned = plan(publish_at).await;
    assert_eq!(
        (planned.status, &planned.json["scheduled_at"]),
        (200, &json!(publish_at)),
        "{}",
        planned.json
    );
    assert_eq!(plan(publish_at).await.json, planned.json, "said again it is the same");
    let later = publish_at + SignedDuration::from_secs(3_600);
    assert_eq!(plan(later).await.json["scheduled_at"], json!(later));
    let due = async || {
        let data = json!({"video_id": video});
        stand.events.deliver(&unique(), "mcsp.content.video.publication_due.v1", &data).await.status
    };
    assert_eq!(due().await, 409, "it was moved");
    stand.bed.pass(7_201);
    assert_eq!(due().await, 204);
    assert_eq!(due().await, 204);
    assert_eq!(publications(&stand, video).await, 1);
    let shown = stand.videos.send(("GET", &format!("/v1/videos/{video}")), &[], None).await;
    assert_eq!((&shown.json["state"], &shown.json["scheduled_at"]), (&json!("published"), &json!(null)));
    let over = plan(stand.bed.now() + SignedDuration::from_secs(60)).await;
    assert_eq!((over.status, over.code()), (409, "already_published"));
}

#[tokio::test]
async fn a_publication_that_is_not_planned_any_more_does_not_come_about() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "Premiere").await;
    let path = format!("/v1/videos/{video}/schedule");
    let body = json!({"publish_at": stand.bed.now() + SignedDuration::from_secs(60)});
    assert_eq!(stand.send_as(owner, &stand.publication, ("PUT", &path), Some(body)).await.status, 200);
    for _ in 0..2 {
        let reply = stand.send_as(owner, &stand.publication, ("DELETE", &path), None).await;
        assert_eq!((reply.status, &reply.json["scheduled_at"]), (200, &json!(null)));
    }
    stand.bed.pass(61);
    let data = json!({"video_id": video});
    let kind = "mcsp.content.video.publication_due.v1";
    assert_eq!(stand.events.deliver(&unique(), kind, &data).await.status, 204);
    assert_eq!(publications(&stand, video).await, 0);
    for (seconds, code) in [(-60, "out_of_range"), (0, "out_of_range"), (400 * 24 * 3_600, "out_of_range")] {
        let body = json!({"publish_at": stand.bed.now() + SignedDuration::from_secs(seconds)});
        let refused = stand.send_as(owner, &stand.publication, ("PUT", &path), Some(body)).await;
        assert_eq!((refused.status, &refused.json["errors"][0]["code"]), (422, &json!(code)));
    }
}
