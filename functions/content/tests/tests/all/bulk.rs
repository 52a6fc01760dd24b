//! `POST /v1/videos/bulk`: the same with many videos, with each as if it were alone.

use content_tests::Stand;
use content_tests::samples::{INITIATED, decided, initiated, new_user_id, new_video_id};
use futures::future::join_all;
use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Reply, unique};
use serde_json::{Value, json};

const PURGE_DUE: &str = "mcsp.content.video.purge_due.v1";

async fn bulk(stand: &Stand, owner: UserId, key: &str, action: &Value, videos: &[VideoId]) -> Reply {
    let bearer = stand.bed.bearer(owner, Role::Creator);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    let body = json!({"action": action, "video_ids": videos});
    stand.publication.send(("POST", "/v1/videos/bulk"), &headers, Some(body)).await
}

/// What became of each: its status, or why it was refused.
fn became(reply: &Reply) -> Vec<&str> {
    assert_eq!(reply.status, 200, "{}", reply.json);
    let items = reply.json["items"].as_array().unwrap().iter();
    items.map(|item| item["code"].as_str().unwrap_or_else(|| item["status"].as_str().unwrap())).collect()
}

async fn seen(stand: &Stand, owner: UserId, video: VideoId) -> Value {
    stand.send_as(owner, &stand.videos, ("GET", &format!("/v1/videos/{video}")), None).await.json
}

async fn kinds(stand: &Stand, video: VideoId) -> Vec<String> {
    stand.bed.emitted(video).await.into_iter().map(|event| event.kind).collect()
}

async fn ready_videos(stand: &Stand, owner: UserId, count: usize) -> Vec<VideoId> {
    let mut videos = Vec::new();
    for _ in 0..count {
        videos.push(stand.ready_video(owner, "One of many").await);
    }
    videos
}

async fn publications(stand: &Stand, video: VideoId) -> usize {
    kinds(stand, video).await.iter().filter(|kind| *kind == "mcsp.content.video.published.v1").count()
}

#[tokio::test]
async fn one_that_is_refused_keeps_no_other_back_and_is_refused_as_if_it_were_alone() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let [ready, published, blocked] = ready_videos(&stand, owner, 3).await.try_into().unwrap();
    let (processing, unknown) = (new_video_id(), new_video_id());
    stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(processing, owner)).await;
    let strangers = stand.ready_video(new_user_id(), "Another's").await;
    let publish = json!({"kind": "publish"});
    assert_eq!(became(&bulk(&stand, owner, "first", &publish, &[published]).await), ["done"]);
    let (kind, decision) = decided(blocked, 1, true);
    stand.events.deliver_until_taken(&unique(), kind, &decision).await;

    let videos = [strangers, processing, ready, unknown, published, blocked];
    let reply = bulk(&stand, owner, "second", &publish, &videos).await;
    assert_eq!(became(&reply), ["not_found", "not_ready", "done", "not_found", "unchanged", "video_blocked"]);
    for (item, video) in reply.json["items"].as_array().unwrap().iter().zip(videos) {
        assert_eq!(item["video_id"], json!(video), "in the order in which they were named");
        let alone = format!("/v1/videos/{video}/publish");
        let alone = stand.send_as(owner, &stand.publication, ("POST", &alone), None).await;
        if item["status"] == "refused" {
            assert_eq!((&item["code"], &item["version"]), (&alone.json["code"], &json!(null)), "{video}");
        } else {
            assert_eq!((&item["code"], &item["version"]), (&json!(null), &alone.json["version"]), "{video}");
        }
    }
    for video in [ready, published] {
        assert_eq!(publications(&stand, video).await, 1, "one event for each");
    }
    assert_eq!(seen(&stand, owner, ready).await["state"], "published");
}

#[tokio::test]
async fn each_action_does_what_its_own_route_does() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let [alone, among] = ready_videos(&stand, owner, 2).await.try_into().unwrap();
    let edit = json!({"category": "travel", "language": "en-gb", "licence": "cc-by", "made_for_kids": false});
    let mut edit_all = edit.clone();
    edit_all["kind"] = json!("edit");
    let private = json!({"visibility": "private"});
    for (action, (method, path, body), in_publication) in [
        (json!({"kind": "publish"}), ("POST", "/publish", None), true),
        (
            json!({"kind": "set_visibility", "visibility": "private"}),
            ("PUT", "/visibility", Some(private)),
            true,
        ),
        (json!({"kind": "unpublish"}), ("POST", "/unpublish", None), true),
        (edit_all, ("PATCH", "", Some(edit)), false),
        (json!({"kind": "edit", "category": null}), ("PATCH", "", Some(json!({"category": null}))), false),
        (
            json!({"kind": "add_tags", "tags": ["Rain", "hills", "rain"]}),
            ("PATCH", "", Some(json!({"tags": ["rain", "hills"]}))),
            false,
        ),
        (
            json!({"kind": "remove_tags", "tags": ["HILLS", "sun"]}),
            ("PATCH", "", Some(json!({"tags": ["rain"]}))),
            false,
        ),
        (json!({"kind": "delete"}), ("DELETE", "", None), false),
        (json!({"kind": "restore"}), ("POST", "/restore", None), false),
    ] {
        let component = if in_publication { &stand.publication } else { &stand.videos };
        let path = format!("/v1/videos/{alone}{path}");
        let by_itself = stand.send_as(owner, component, (method, &path), body).await;
        assert_eq!(by_itself.status, 200, "{action}: {}", by_itself.json);
        let reply = bulk(&stand, owner, &unique(), &action, &[among]).await;
        assert_eq!(became(&reply), ["done"], "{action}: {}", reply.json);
        assert_eq!(reply.json["items"][0]["version"], by_itself.json["version"], "{action}");
        let again = bulk(&stand, owner, &unique(), &action, &[among]).await;
        assert_eq!(became(&again), ["unchanged"], "{action}");
        let [mut one, mut other] = [seen(&stand, owner, alone).await, seen(&stand, owner, among).await];
        for video in [&mut one, &mut other] {
            for own in ["id", "created_at", "updated_at", "published_at"] {
                video[own] = json!(null);
            }
        }
        assert_eq!(one, other, "{action}");
    }
    assert_eq!(kinds(&stand, alone).await, kinds(&stand, among).await);
}

#[tokio::test]
async fn what_is_deleted_among_many_is_purged_and_what_is_purged_is_not_there() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let videos = ready_videos(&stand, owner, 2).await;
    let (delete, restore) = (json!({"kind": "delete"}), json!({"kind": "restore"}));
    assert_eq!(became(&bulk(&stand, owner, "a", &delete, &videos).await), ["done", "done"]);
    assert_eq!(became(&bulk(&stand, owner, "b", &restore, &videos[..1]).await), ["done"]);
    let timers = format!("SELECT count(*) FROM timers WHERE type = '{PURGE_DUE}'");
    assert_eq!(stand.bed.ask::<i64>(&timers).await, 1, "one is had back, the other is still to be purged");
    let publish = json!({"kind": "publish"});
    assert_eq!(became(&bulk(&stand, owner, "c", &publish, &videos).await), ["done", "not_found"]);
    stand.bed.pass(30 * 24 * 3600);
    stand.events.deliver_until_taken(&unique(), PURGE_DUE, &json!({"video_id": videos[1]})).await;
    for action in [delete, restore] {
        assert_eq!(became(&bulk(&stand, owner, &unique(), &action, &videos[1..]).await), ["not_found"]);
    }
}

#[tokio::test]
async fn tags_are_added_while_there_is_room() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let [full, empty] = ready_videos(&stand, owner, 2).await.try_into().unwrap();
    let many: Vec<_> = (0..30).map(|n| format!("t{n}")).collect();
    let path = format!("/v1/videos/{full}");
    let tagged = stand.send_as(owner, &stand.videos, ("PATCH", &path), Some(json!({"tags": many}))).await;
    assert_eq!(tagged.status, 200, "{}", tagged.json);
    let add = |tag: &str| json!({"kind": "add_tags", "tags": [tag]});
    let reply = bulk(&stand, owner, "a", &add("one-more"), &[full, empty]).await;
    assert_eq!(became(&reply), ["too_many_tags", "done"]);
    assert_eq!(became(&bulk(&stand, owner, "b", &add("t7"), &[full]).await), ["unchanged"]);
}

#[tokio::test]
async fn plain_visibility_forgets_the_passwords() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "Locked").await;
    let path = format!("/v1/videos/{video}/visibility");
    let locked = Some(json!({"visibility": "password", "passwords": ["open sesame"]}));
    assert_eq!(stand.send_as(owner, &stand.publication, ("PUT", &path), locked).await.status, 200);
    let unlisted = json!({"kind": "set_visibility", "visibility": "unlisted"});
    assert_eq!(became(&bulk(&stand, owner, "a", &unlisted, &[video]).await), ["done"]);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM video_passwords").await, 0);
}

#[tokio::test]
async fn a_repeated_key_gets_the_first_answer_and_changes_nothing() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let videos = ready_videos(&stand, owner, 3).await;
    let (publish, unpublish) = (json!({"kind": "publish"}), json!({"kind": "unpublish"}));
    let first = bulk(&stand, owner, "a", &publish, &videos).await;
    assert_eq!(became(&bulk(&stand, owner, "b", &unpublish, &videos[..1]).await), ["done"]);
    let again = bulk(&stand, owner, "a", &publish, &videos).await;
    assert_eq!((again.status, &again.json), (200, &first.json));
    assert_eq!(seen(&stand, owner, videos[0]).await["state"], "unpublished");
    for other in
        [bulk(&stand, owner, "a", &unpublish, &videos), bulk(&stand, owner, "a", &publish, &videos[1..])]
    {
        let other = other.await;
        assert_eq!((other.status, other.code()), (422, "idempotency_key_reused"));
    }
    let kept: i64 =
        stand.bed.ask("SELECT count(*) FROM idempotency_keys WHERE scope LIKE '% part of %'").await;
    assert_eq!(kept, 0, "what was remembered of the parts goes with the whole answer");
}

/// Postgres fails on one of the videos: as if the function had died there.
#[tokio::test]
async fn a_request_that_broke_off_is_taken_up_where_it_broke_off() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let videos = ready_videos(&stand, owner, 12).await;
    let (before, at) = (&videos[..9], videos[9]);
    stand
        .bed
        .redefine("CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'here'; END $$")
        .await;
    let (on, when) = ("BEFORE UPDATE ON videos FOR EACH ROW", format!("WHEN (new.id = '{}')", at.uuid()));
    let breaks = format!("CREATE TRIGGER break_off {on} {when} EXECUTE FUNCTION break_off()");
    stand.bed.redefine(&breaks).await;
    let publish = json!({"kind": "publish"});
    let broken = bulk(&stand, owner, "a", &publish, &videos).await;
    assert!(broken.status >= 500, "{}", broken.json);
    for video in before {
        assert_eq!(publications(&stand, *video).await, 1);
    }
    stand.bed.redefine("DROP TRIGGER break_off ON videos").await;

    // Somebody takes one back meanwhile, and the function had not even time to give its key back.
    let unpublish = json!({"kind": "unpublish"});
    assert_eq!(became(&bulk(&stand, owner, "b", &unpublish, &before[..1]).await), ["done"]);
    let now = stand.bed.now();
    stand
        .bed
        .execute(&format!(
            "INSERT INTO idempotency_keys (scope, key, fingerprint, locked_until) \
             SELECT '{owner} bulk', 'a', fingerprint, timestamptz '{now}' + interval '1 minute' \
             FROM idempotency_keys WHERE scope = '{owner} bulk part of a' LIMIT 1"
        ))
        .await;
    let early = bulk(&stand, owner, "a", &publish, &videos).await;
    assert_eq!((early.status, early.code()), (409, "idempotency_key_in_flight"));
    stand.bed.pass(61);
    let whole = bulk(&stand, owner, "a", &publish, &videos).await;
    let became = became(&whole);
    assert!(became[..10].iter().all(|status| *status == "done"), "{became:?}");
    assert_eq!(whole.json["items"][0]["version"], 4, "as it was by then");
    assert_eq!(seen(&stand, owner, videos[0]).await["state"], "unpublished", "it is not done twice");
    for video in &videos {
        assert_eq!(publications(&stand, *video).await, 1);
    }
    assert_eq!(bulk(&stand, owner, "a", &publish, &videos).await.json, whole.json);
}

#[tokio::test]
async fn the_parts_of_another_request_with_the_key_are_not_its_parts() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "One of many").await;
    stand
        .bed
        .execute(&format!(
            "INSERT INTO idempotency_keys (scope, key, fingerprint, state, status, body, locked_until) \
             VALUES ('{owner} bulk part of a', '{video}', 'another', 'answered', 200, '9', now())"
        ))
        .await;
    let reply = bulk(&stand, owner, "a", &json!({"kind": "publish"}), &[video]).await;
    assert_eq!((became(&reply), &reply.json["items"][0]["version"]), (vec!["done"], &json!(4)));
}

#[tokio::test]
async fn of_several_at_the_same_time_one_changes_each() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let videos = ready_videos(&stand, owner, 10).await;
    let backwards: Vec<_> = videos.iter().rev().copied().collect();
    let publish = json!({"kind": "publish"});
    let orders = [&videos, &backwards, &videos, &backwards];
    let replies =
        join_all(orders.map(async |videos| bulk(&stand, owner, &unique(), &publish, videos).await)).await;
    let done = replies.iter().flat_map(became).filter(|status| *status == "done").count();
    assert_eq!(done, videos.len());
    for video in videos {
        assert_eq!(publications(&stand, video).await, 1);
    }
}

#[tokio::test]
async fn a_hundred_videos_take_two_round_trips_each_and_few_besides() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let videos: Vec<_> = (0..100).map(|_| new_video_id()).collect();
    let rows: Vec<_> = videos.iter().map(|video| format!("('{}'::uuid)", video.uuid())).collect();
    stand
        .bed
        .execute(&format!(
            "INSERT INTO videos (id, owner_id, upload_id, region, version, state, visibility, title, description, tags, media, \
                 created_at, updated_at) \
             SELECT id, '{}', id, 'eu', 1, 'ready', 'public', 'One of many', '', '{{}}', \
                 '{{\"duration_ms\": 1, \"renditions\": [], \"packaged\": {{\"prefix\": \"p/\", \"hls\": \"m\"}}}}', now(), now() \
             FROM (VALUES {}) AS given (id)",
            owner.uuid(),
            rows.join(", ")
        ))
        .await;
    stand.bed.take_calls();
    let reply = bulk(&stand, owner, "a", &json!({"kind": "publish"}), &videos).await;
    assert!(became(&reply).iter().all(|status| *status == "done"), "{}", reply.json);
    let calls = stand.bed.take_calls();
    let of_postgres = calls.iter().filter(|call| ["query", "transact"].contains(*call)).count();
    // The key is taken, the parts are looked for, and the answer is kept.
    assert_eq!(of_postgres, 2 * videos.len() + 3, "{calls:?}");
}

#[tokio::test]
async fn what_is_malformed_changes_nothing_and_says_where() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "One of many").await;
    let publish = json!({"kind": "publish"});
    let hundred_and_one: Vec<_> = (0..101).map(|_| new_video_id()).collect();
    for (action, videos, place, code) in [
        (&publish, vec![], "/video_ids", "out_of_range"),
        (&publish, hundred_and_one, "/video_ids", "out_of_range"),
        (&publish, vec![video, new_video_id(), video], "/video_ids/2", "duplicate"),
        (&json!({"kind": "set_visibility"}), vec![video], "/action/visibility", "missing_field"),
        (&json!({"kind": "delete", "tags": ["a"]}), vec![video], "/action/tags", "not_for_this_action"),
        (&json!({"kind": "edit", "language": "?"}), vec![video], "/action/language", "invalid_language"),
    ] {
        let reply = bulk(&stand, owner, &unique(), action, &videos).await;
        assert_eq!((reply.status, reply.code()), (422, "validation_failed"), "{}", reply.json);
        let error = &reply.json["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(place), &json!(code)), "{}", reply.json);
    }
    for action in [json!({"kind": "explode"}), json!({"kind": "publish", "at": 1}), json!({})] {
        let reply = bulk(&stand, owner, &unique(), &action, &[video]).await;
        assert_eq!((reply.status, reply.code()), (400, "invalid_request"), "{action}");
    }
    let viewer = stand.bed.bearer(owner, Role::Viewer);
    for action in [publish, json!({"kind": "delete"})] {
        let body = Some(json!({"action": action, "video_ids": [video]}));
        let headers = [("authorization", viewer.as_str())];
        let reply = stand.publication.send(("POST", "/v1/videos/bulk"), &headers, body).await;
        assert_eq!((reply.status, reply.code()), (403, "insufficient_permission"), "{}", reply.json);
    }
    assert_eq!(seen(&stand, owner, video).await["version"], 3);
}
