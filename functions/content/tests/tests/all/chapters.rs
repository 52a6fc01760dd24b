//! The chapters of videos.

use content_tests::Stand;
use content_tests::samples::{COMPLETED, INITIATED, completed, initiated, new_user_id, new_video_id};
use futures::future::join_all;
use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Reply, unique};
use serde_json::{Value, json};

async fn set(stand: &Stand, owner: UserId, video: VideoId, chapters: &Value) -> Reply {
    let route = format!("/v1/videos/{video}/chapters");
    let body = json!({"chapters": chapters});
    stand.send_as(owner, &stand.videos, ("PUT", &route), Some(body)).await
}

async fn get(stand: &Stand, video: VideoId, path: &str) -> Reply {
    stand.videos.send(("GET", &format!("/v1/videos/{video}/{path}")), &[], None).await
}

async fn publish(stand: &Stand, owner: UserId, video: VideoId) {
    let path = format!("/v1/videos/{video}/publish");
    assert_eq!(stand.send_as(owner, &stand.publication, ("POST", &path), None).await.status, 200);
}

fn two() -> Value {
    json!([{"start_ms": 0, "title": "The way up"}, {"start_ms": 1_500, "title": "The way down"}])
}

#[tokio::test]
async fn chapters_are_shown_and_told_as_they_are_said() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "A walk in the hills").await;
    publish(&stand, owner, video).await;
    let none = get(&stand, video, "chapters").await;
    assert_eq!((&none.json, &none.headers["etag"]), (&json!({"chapters": []}), &"\"0\"".parse().unwrap()));
    assert_eq!(get(&stand, video, "chapters.vtt").await.text, "WEBVTT\n");

    let spelled =
        json!([{"start_ms": 0, "title": " The way up "}, {"start_ms": 1_500, "title": "The way down"}]);
    let put = set(&stand, owner, video, &spelled).await;
    assert_eq!((put.status, &put.json), (200, &json!({"chapters": two()})), "normalized");
    let shown = get(&stand, video, "chapters").await;
    assert_eq!((&shown.json, &shown.headers["etag"]), (&put.json, &put.headers["etag"]));
    let told = stand.bed.emitted(video).await.pop().unwrap();
    assert_eq!(
        (told.topic.as_str(), told.kind.as_str()),
        ("media.changed", "mcsp.content.video.chapters_changed.v1")
    );
    assert_eq!((&told.data["has_chapters"], &told.data["version"]), (&json!(true), &json!(5)));
    assert_eq!(put.headers["etag"], "\"5\"", "the version of the video that they came with");

    let file = get(&stand, video, "chapters.vtt").await;
    let cues = "00:00:00.000 --> 00:00:01.500\nThe way up\n\n00:00:01.500 --> 00:00:02.000\nThe way down\n";
    assert_eq!((file.status, file.text), (200, format!("WEBVTT\n\n{cues}")));
    assert_eq!(file.headers["content-type"], "text/vtt;charset=utf-8");
    assert_eq!(file.headers["etag"], "\"5\"");

    let removed = set(&stand, owner, video, &json!([])).await;
    assert_eq!((&removed.json, &removed.headers["etag"]), (&none.json, &none.headers["etag"]));
    let told = stand.bed.emitted(video).await.pop().unwrap();
    assert_eq!((&told.data["has_chapters"], &told.data["version"]), (&json!(false), &json!(6)));
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM chapters").await, 0);
}

#[tokio::test]
async fn saying_the_same_again_changes_nothing() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "A walk in the hills").await;
    for chapters in [json!([]), two()] {
        let first = set(&stand, owner, video, &chapters).await;
        let told = stand.bed.emitted(video).await;
        let again = set(&stand, owner, video, &chapters).await;
        assert_eq!((again.status, &again.json), (200, &first.json));
        assert_eq!(again.headers["etag"], first.headers["etag"]);
        assert_eq!(stand.bed.emitted(video).await, told);
    }
}

#[tokio::test]
async fn only_who_has_seen_the_chapters_replaces_them_and_a_new_title_is_no_reason_to_refuse() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "A walk in the hills").await;
    let bearer = stand.bed.bearer(owner, Role::Creator);
    let put = async |tag: &str, title: &str| {
        let headers = [("authorization", bearer.as_str()), ("if-match", tag)];
        let body = json!({"chapters": [{"start_ms": 0, "title": title}]});
        stand.videos.send(("PUT", &format!("/v1/videos/{video}/chapters")), &headers, Some(body)).await
    };
    let first = put("\"0\"", "a").await;
    assert_eq!(first.status, 200, "{}", first.json);
    let stale = put("\"0\"", "b").await;
    assert_eq!((stale.status, stale.code()), (412, "stale"));
    let renamed = Some(json!({"title": "Another walk"}));
    let path = format!("/v1/videos/{video}");
    assert_eq!(stand.send_as(owner, &stand.videos, ("PATCH", &path), renamed).await.status, 200);
    let tag = first.headers["etag"].to_str().unwrap();
    assert_eq!(put(tag, "b").await.status, 200);
    assert_eq!(put(tag, "c").await.status, 412);
}

#[tokio::test]
async fn parallel_writers_each_have_their_say_one_after_the_other() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "A walk in the hills").await;
    let before = stand.bed.emitted(video).await.len();
    let replies =
        join_all((0..4).map(|n| {
            let stand = &stand;
            async move {
                set(stand, owner, video, &json!([{"start_ms": 0, "title": format!("Chapter {n}")}])).await
            }
        }));
    let replies = replies.await;
    assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
    let told = stand.bed.emitted(video).await;
    let versions: Vec<_> = told.iter().map(|event| event.data["version"].as_i64().unwrap()).collect();
    assert!(versions.is_sorted() && versions.len() == before + 4, "{versions:?}");
    let last = get_as(&stand, owner, video).await;
    let of_last = replies.iter().find(|reply| reply.headers["etag"] == last.headers["etag"]).unwrap();
    assert_eq!(last.json, of_last.json);
}

async fn get_as(stand: &Stand, user: UserId, video: VideoId) -> Reply {
    stand.send_as(user, &stand.videos, ("GET", &format!("/v1/videos/{video}/chapters")), None).await
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_place() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "A walk in the hills").await;
    let many: Vec<_> = (0..101).map(|n| json!({"start_ms": n, "title": "x"})).collect();
    for (chapters, errors) in [
        (json!([{"start_ms": 1, "title": "a"}]), vec![("/chapters/0/start_ms", "out_of_range")]),
        (
            json!([{"start_ms": 0, "title": ""}, {"start_ms": 0, "title": "a\u{7}"}, {"start_ms": 2_000, "title": "x"}]),
            vec![
                ("/chapters/0/title", "blank"),
                ("/chapters/1/start_ms", "not_ascending"),
                ("/chapters/1/title", "control_character"),
                ("/chapters/2/start_ms", "out_of_range"),
            ],
        ),
        (json!(many), vec![("/chapters", "too_many")]),
        (json!([{"start_ms": 0, "title": "x".repeat(101)}]), vec![("/chapters/0/title", "too_long")]),
    ] {
        let reply = set(&stand, owner, video, &chapters).await;
        assert_eq!((reply.status, reply.code()), (422, "validation_failed"), "{}", reply.json);
        let told = reply.json["errors"].as_array().unwrap().iter();
        let told: Vec<_> =
            told.map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())).collect();
        assert_eq!(told, errors);
    }
    for shape in [json!([{"start_ms": -1, "title": "a"}]), json!([{"start_ms": 0}]), json!({})] {
        let reply = set(&stand, owner, video, &shape).await;
        assert_eq!((reply.status, reply.code()), (400, "invalid_request"), "{shape}");
    }
    assert_eq!(get_as(&stand, owner, video).await.json, json!({"chapters": []}));
}

#[tokio::test]
async fn chapters_of_a_video_that_turns_out_shorter_end_with_it() {
    let stand = Stand::new().await;
    let (owner, video) = (new_user_id(), new_video_id());
    stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(video, owner)).await;
    let early = json!([{"start_ms": 0, "title": "In"}, {"start_ms": 9_000, "title": "Out"}]);
    assert_eq!(set(&stand, owner, video, &early).await.status, 200, "nobody knows how long it is");
    let file = format!("/v1/videos/{video}/chapters.vtt");
    assert_eq!(stand.send_as(owner, &stand.videos, ("GET", &file), None).await.code(), "not_found");
    // Two seconds.
    stand.events.deliver_until_taken(&unique(), COMPLETED, &completed(video)).await;
    let file = stand.send_as(owner, &stand.videos, ("GET", &file), None).await;
    assert_eq!(file.text, "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nIn\n");
    assert_eq!(set(&stand, owner, video, &early).await.code(), "validation_failed", "now it is known");
}

#[tokio::test]
async fn nobody_but_its_owner_says_what_chapters_a_video_has() {
    let stand = Stand::new().await;
    let (owner, stranger) = (new_user_id(), new_user_id());
    let video = stand.ready_video(owner, "A walk in the hills").await;
    publish(&stand, owner, video).await;
    assert_eq!(set(&stand, stranger, video, &two()).await.code(), "not_found");
    assert_eq!(set(&stand, owner, new_video_id(), &two()).await.code(), "not_found");
    let path = format!("/v1/videos/{video}/chapters");
    let body = Some(json!({"chapters": two()}));
    assert_eq!(stand.videos.send(("PUT", &path), &[], body.clone()).await.status, 401);
    let viewer = stand.bed.bearer(owner, Role::Viewer);
    let forbidden = stand.videos.send(("PUT", &path), &[("authorization", &viewer)], body).await;
    assert_eq!((forbidden.status, forbidden.code()), (403, "insufficient_permission"));
    assert_eq!(get_as(&stand, stranger, video).await.json, json!({"chapters": []}));
}
