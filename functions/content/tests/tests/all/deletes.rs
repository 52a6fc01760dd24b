//! Videos that their owners delete: they can be had back for 30 days, and then nothing of them is left.

use content_tests::Stand;
use content_tests::samples::{
    COMPLETED, INITIATED, SUBMITTED, completed, decided, initiated, new_user_id, new_video_id, submitted,
};
use jiff::{SignedDuration, Timestamp};
use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{BRIDGE_TOKEN, Reply, unique};
use serde_json::{Value, json};

const PURGE_DUE: &str = "mcsp.content.video.purge_due.v1";
const PUBLICATION_DUE: &str = "mcsp.content.video.publication_due.v1";
const DAY_S: i64 = 24 * 3600;

async fn published(stand: &Stand, owner: UserId) -> VideoId {
    let video = stand.ready_video(owner, "A walk in the hills").await;
    let path = format!("/v1/videos/{video}/publish");
    assert_eq!(stand.send_as(owner, &stand.publication, ("POST", &path), None).await.status, 200);
    video
}

async fn delete(stand: &Stand, owner: UserId, video: VideoId) -> Reply {
    stand.send_as(owner, &stand.videos, ("DELETE", &format!("/v1/videos/{video}")), None).await
}

async fn restore(stand: &Stand, owner: UserId, video: VideoId) -> Reply {
    stand.send_as(owner, &stand.videos, ("POST", &format!("/v1/videos/{video}/restore")), None).await
}

async fn purge(stand: &Stand, video: VideoId) -> u16 {
    stand.events.deliver(&unique(), PURGE_DUE, &json!({"video_id": video})).await.status
}

async fn in_catalog(stand: &Stand, video: VideoId) -> Value {
    let bearer = format!("Bearer {BRIDGE_TOKEN}");
    let headers = [("authorization", bearer.as_str())];
    stand.catalog.send(("GET", &format!("/v1/catalog/{video}")), &headers, None).await.json
}

async fn listed(stand: &Stand, owner: UserId, query: &str) -> Vec<Value> {
    let page = stand.send_as(owner, &stand.videos, ("GET", &format!("/v1/videos{query}")), None).await;
    assert_eq!(page.status, 200, "{}", page.json);
    page.json["items"].as_array().unwrap().clone()
}

async fn found(stand: &Stand) -> usize {
    let reply = stand.search.send(("GET", "/v1/search?q=walk"), &[], None).await;
    reply.json["items"].as_array().unwrap().len()
}

/// When the video's timer of this type is due.
async fn due_at(stand: &Stand, kind: &str) -> Option<Timestamp> {
    let question = format!(
        "SELECT (max(extract(epoch FROM due_at)) * 1000000)::bigint FROM timers WHERE type = '{kind}'"
    );
    stand.bed.ask::<Option<i64>>(&question).await.map(|us| Timestamp::from_microsecond(us).unwrap())
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_deleted_video_is_nowhere_but_in_its_owners_list_and_is_restored_to_what_it_was() {
    let stand = Stand::new().await;
    let (owner, stranger) = (new_user_id(), new_user_id());
    let video = published(&stand, owner).await;
    let path = format!("/v1/videos/{video}");
    let before = stand.send_as(owner, &stand.videos, ("GET", &path), None).await.json;
    assert_eq!(delete(&stand, stranger, video).await.status, 404);

    let deleted = delete(&stand, owner, video).await;
    assert_eq!((deleted.status, &deleted.json["state"]), (200, &json!("deleted")), "{}", deleted.json);
    let at = time(&deleted.json["deleted_at"]);
    let kept_for = time(&deleted.json["purge_at"]).duration_since(at);
    assert_eq!(kept_for, SignedDuration::from_secs(30 * DAY_S));
    assert_eq!(due_at(&stand, PURGE_DUE).await, Some(time(&deleted.json["purge_at"])));
    assert_eq!(delete(&stand, owner, video).await.json, deleted.json, "once deleted it stays as it is");
    for user in [owner, stranger] {
        assert_eq!(stand.send_as(user, &stand.videos, ("GET", &path), None).await.status, 404);
        assert!(listed(&stand, user, "").await.is_empty());
    }
    assert!(listed(&stand, stranger, "?state=deleted").await.is_empty());
    let mut in_list = deleted.json.clone();
    in_list["thumbnail"] = Value::Null;
    assert_eq!(listed(&stand, owner, "?state=deleted").await, [in_list]);
    assert!(listed(&stand, owner, "?state=published").await.is_empty());
    assert_eq!((stand.videos.send(("GET", &path), &[], None).await.status, found(&stand).await), (404, 0));
    let told = stand.bed.emitted(video).await.pop().unwrap();
    assert_eq!((told.topic.as_str(), told.kind.as_str()), ("media.changed", "mcsp.content.video.deleted.v1"));
    assert_eq!(told.data, in_catalog(&stand, video).await, "services are told");
    assert_eq!(
        (&told.data["state"], &told.data["deleted_at"]),
        (&json!("deleted"), &deleted.json["deleted_at"])
    );

    let edit = Some(json!({"title": "Another"}));
    assert_eq!(stand.send_as(owner, &stand.videos, ("PATCH", &path), edit).await.status, 404);
    for act in ["publish", "unpublish"] {
        let path = format!("{path}/{act}");
        assert_eq!(stand.send_as(owner, &stand.publication, ("POST", &path), None).await.status, 404);
    }

    assert_eq!(restore(&stand, stranger, video).await.status, 404);
    stand.bed.pass(30 * DAY_S - 60);
    let restored = restore(&stand, owner, video).await;
    assert_eq!(restored.status, 200, "{}", restored.json);
    let mut as_before = restored.json.clone();
    // What changes a video is not answered with its image.
    for field in ["version", "updated_at", "thumbnail"] {
        as_before[field] = before[field].clone();
    }
    assert_eq!(as_before, before);
    assert_eq!(restored.headers["etag"], format!("\"{}\"", restored.json["version"]).as_str());
    assert_eq!((found(&stand).await, due_at(&stand, PURGE_DUE).await), (1, None));
    assert_eq!(restore(&stand, owner, video).await.json, restored.json, "what is not deleted stays as it is");
    // The timer may have been under way.
    stand.bed.pass(120);
    assert_eq!((purge(&stand, video).await, found(&stand).await), (204, 1));
}

#[tokio::test]
async fn a_stale_version_is_not_deleted_and_a_repeated_key_restores_once() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = published(&stand, owner).await;
    let path = format!("/v1/videos/{video}");
    let bearer = stand.bed.bearer(owner, Role::Creator);
    let delete = async |tag: &str| {
        let headers = [("authorization", bearer.as_str()), ("if-match", tag)];
        stand.videos.send(("DELETE", &path), &headers, None).await
    };
    assert_eq!((delete("\"3\"").await.code(), delete("\"4\"").await.status), ("stale", 200));
    let restore = async |key: &str| {
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        stand.videos.send(("POST", &format!("{path}/restore")), &headers, None).await
    };
    let restored = restore("a").await;
    assert_eq!(restored.json["version"], 6);
    assert_eq!(delete("\"6\"").await.status, 200);
    assert_eq!(restore("a").await.json, restored.json, "the first answer, and nothing more");
    assert_eq!(listed(&stand, owner, "?state=deleted").await.len(), 1);
}

#[tokio::test]
async fn after_30_days_nothing_is_left_and_nothing_that_comes_late_brings_it_back() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = published(&stand, owner).await;
    let passwords = Some(json!({"visibility": "password", "passwords": ["open sesame"]}));
    let path = format!("/v1/videos/{video}/visibility");
    assert_eq!(stand.send_as(owner, &stand.publication, ("PUT", &path), passwords).await.status, 200);
    let draft = submitted(video, owner, 1, json!({"title": "A walk"}));
    stand.events.deliver_until_taken(&unique(), SUBMITTED, &draft).await;
    assert_eq!(delete(&stand, owner, video).await.status, 200);

    stand.bed.pass(30 * DAY_S - 60);
    assert_eq!(purge(&stand, video).await, 409, "it can still be had back");
    stand.bed.pass(60);
    assert_eq!(restore(&stand, owner, video).await.status, 404, "its time is over");
    assert_eq!(purge(&stand, video).await, 204);
    let told = stand.bed.emitted(video).await.pop().unwrap();
    assert_eq!((told.topic.as_str(), told.kind.as_str()), ("media.purged", "mcsp.content.video.purged.v1"));
    let state = &told.data;
    assert_eq!((&state["video_id"], &state["state"]), (&json!(video), &json!("deleted")), "{state}");
    for field in ["title", "packaged", "duration_ms", "published_at", "purge_at", "passwords_version"] {
        assert_eq!(state[field], Value::Null, "{field}");
    }
    assert_eq!((&state["description"], &state["tags"]), (&json!(""), &json!([])));
    for table in ["video_passwords", "drafts"] {
        assert_eq!(stand.bed.ask::<i64>(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }

    let late = submitted(video, owner, 9, json!({"title": "A late walk"}));
    let (blocked, decision) = decided(video, 1, true);
    for (kind, data) in [
        (PURGE_DUE, &json!({"video_id": video})),
        (INITIATED, &initiated(video, owner)),
        (COMPLETED, &completed(video)),
        (SUBMITTED, &late),
        (blocked, &decision),
    ] {
        assert_eq!(stand.events.deliver(&unique(), kind, data).await.status, 204, "{kind}");
        assert_eq!(in_catalog(&stand, video).await, told.data, "after {kind}");
    }
    for reply in [delete(&stand, owner, video).await, restore(&stand, owner, video).await] {
        assert_eq!(reply.status, 404);
    }
    assert!(listed(&stand, owner, "?state=deleted").await.is_empty());
    assert_eq!(stand.bed.emitted(video).await.pop().unwrap(), told, "it was the last word");
}

#[tokio::test]
async fn what_happens_beneath_is_there_when_it_is_restored() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    // Deleted while the pipeline is at work.
    let begun = new_video_id();
    stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(begun, owner)).await;
    assert_eq!(delete(&stand, owner, begun).await.status, 200);
    stand.events.deliver_until_taken(&unique(), COMPLETED, &completed(begun)).await;
    assert_eq!(in_catalog(&stand, begun).await["state"], "deleted");
    assert_eq!(restore(&stand, owner, begun).await.json["state"], "ready");
    // Deleted, and due to be published meanwhile.
    let planned = stand.ready_video(owner, "Planned").await;
    let publish_at = stand.bed.now() + SignedDuration::from_hours(1);
    let path = format!("/v1/videos/{planned}/schedule");
    let body = Some(json!({"publish_at": publish_at}));
    assert_eq!(stand.send_as(owner, &stand.publication, ("PUT", &path), body).await.status, 200);
    assert_eq!(delete(&stand, owner, planned).await.status, 200);
    stand.bed.pass(DAY_S);
    let due = json!({"video_id": planned});
    assert_eq!(stand.events.deliver(&unique(), PUBLICATION_DUE, &due).await.status, 204);
    assert_eq!(in_catalog(&stand, planned).await["state"], "deleted");
    // As after its delivery.
    stand.bed.execute(&format!("DELETE FROM timers WHERE type = '{PUBLICATION_DUE}'")).await;
    assert_eq!(restore(&stand, owner, planned).await.json["state"], "ready");
    assert!(due_at(&stand, PUBLICATION_DUE).await.unwrap() < stand.bed.now(), "it follows at once");
    assert_eq!(stand.events.deliver(&unique(), PUBLICATION_DUE, &due).await.status, 204);
    assert_eq!(in_catalog(&stand, planned).await["state"], "published");
    // Blocked while it is deleted.
    assert_eq!(delete(&stand, owner, planned).await.status, 200);
    let (kind, decision) = decided(planned, 1, true);
    stand.events.deliver_until_taken(&unique(), kind, &decision).await;
    assert_eq!(in_catalog(&stand, planned).await["state"], "deleted");
    assert_eq!(restore(&stand, owner, planned).await.json["state"], "blocked");
}
