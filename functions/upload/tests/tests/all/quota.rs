//! The quota: exact under load, given back by whatever comes to nothing, and as large as the plan has it.

use futures::future::join_all;
use mcsp_testbed::{Reply, unique};
use serde_json::{Value, json};
use upload_tests::{Creator, Stand};

const CREATIONS: usize = 100;
const FILE_BYTES: u64 = 64;
const DAY_S: i64 = 86_400;

/// A machine that has too much to do says so, and is asked again in the same words.
async fn create(creator: &Creator<'_>) -> Reply {
    let wanted = json!({"file_name": "a.mp4", "size_bytes": FILE_BYTES, "content_type": "video/mp4"});
    let key = unique();
    loop {
        let reply = creator.request_with_key(("POST", "/v1/uploads"), &key, Some(wanted.clone())).await;
        if ![409, 503, 504].contains(&reply.status) {
            return reply;
        }
    }
}

async fn created(creator: &Creator<'_>) -> Value {
    let reply = create(creator).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    reply.json
}

fn path(upload: &Value) -> String {
    format!("/v1/uploads/{}", upload["id"].as_str().unwrap())
}

/// Bytes that are used, and uploads that are open.
async fn used(creator: &Creator<'_>) -> (u64, u64) {
    let quota = creator.request("GET", "/v1/uploads/quota", None).await;
    assert_eq!(quota.status, 200, "{}", quota.json);
    (quota.json["used_bytes"].as_u64().unwrap(), quota.json["open_uploads"].as_u64().unwrap())
}

/// Sends a file that begins like this, and completes its upload. Gives the answer's status.
async fn completed(stand: &Stand, creator: &Creator<'_>, upload: &Value, head: &[u8]) -> u16 {
    let mut file = head.to_vec();
    file.resize(usize::try_from(FILE_BYTES).unwrap(), 0);
    assert_eq!(stand.send(&upload["put"], file).await, 200);
    creator.request("POST", &format!("{}/complete", path(upload)), None).await.status
}

const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";

#[tokio::test]
async fn a_hundred_creations_at_once_take_exactly_what_there_is() {
    let bytes = (FILE_BYTES * 10).to_string();
    for (variable, limit, code, taken) in [
        ("upload_open_limit", "7", "too_many_open_uploads", 7),
        ("upload_quota_bytes", bytes.as_str(), "quota_exceeded", 10),
    ] {
        let stand = Stand::with(&[("upload_open_limit", "1000"), (variable, limit)]).await;
        let (creator, other) = (stand.creator("eu"), stand.creator("eu"));
        let replies = join_all((0..CREATIONS).map(|_| create(&creator))).await;
        let (made, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
        assert_eq!(made.len(), taken, "{variable}");
        for reply in &refused {
            assert_eq!((reply.status, reply.code()), (403, code), "{}", reply.json);
            assert_eq!(reply.json["used_bytes"], json!(FILE_BYTES * taken as u64));
            assert_eq!(reply.json["open_uploads"], json!(taken));
        }
        assert_eq!(used(&creator).await, (FILE_BYTES * taken as u64, taken as u64));
        assert_eq!(used(&other).await, (0, 0), "each has a quota of its own");
        let rows: i64 = stand.bed.ask("SELECT count(*) FROM uploads").await;
        assert_eq!(rows, i64::try_from(taken).unwrap());
        let timers: i64 = stand.bed.ask("SELECT count(*) FROM timers").await;
        assert_eq!(timers, rows, "what is refused leaves nothing");
    }
}

#[tokio::test]
async fn what_comes_to_nothing_gives_its_room_back() {
    let stand = Stand::with(&[("upload_open_limit", "1")]).await;
    let creator = stand.creator("eu");

    let cancelled = created(&creator).await;
    assert_eq!(create(&creator).await.code(), "too_many_open_uploads");
    assert_eq!(creator.request("DELETE", &path(&cancelled), None).await.status, 204);
    assert_eq!(used(&creator).await, (0, 0));

    let failed = created(&creator).await;
    assert_eq!(completed(&stand, &creator, &failed, b"<html>").await, 422);
    assert_eq!(used(&creator).await, (0, 0));

    let unprocessable = created(&creator).await;
    assert_eq!(completed(&stand, &creator, &unprocessable, MP4).await, 200);
    assert_eq!(used(&creator).await, (FILE_BYTES, 0), "it is kept, and not open any more");
    let news = json!({"upload_id": unprocessable["id"], "reason_code": "no_video"});
    assert_eq!(stand.deliver(&unique(), "failed", &news).await, 204);
    assert_eq!(used(&creator).await, (0, 0));

    let kept = created(&creator).await;
    assert_eq!(completed(&stand, &creator, &kept, MP4).await, 200);
    created(&creator).await;
    assert_eq!(used(&creator).await, (FILE_BYTES * 2, 1));
    stand.bed.pass(DAY_S + 1);
    assert_eq!(used(&creator).await, (FILE_BYTES, 0), "nobody has written yet that its time is over");
    created(&creator).await;
}

#[tokio::test]
async fn a_plan_has_more_until_it_ends_and_the_latest_word_counts() {
    let stand = Stand::with(&[("upload_quota_bytes", "100"), ("upload_open_limit", "5")]).await;
    let creator = stand.creator("eu");
    let limits = async || {
        let quota = creator.request("GET", "/v1/uploads/quota", None).await.json;
        (quota["limit_bytes"].as_u64().unwrap(), quota["open_uploads_limit"].as_u64().unwrap())
    };
    let plan = |upload_bytes: u64, until: Option<&str>| json!({"level": 1, "streams": 1, "upload_bytes": upload_bytes, "open_uploads": 1, "until": until});
    created(&creator).await;
    assert_eq!(create(&creator).await.code(), "quota_exceeded");
    assert_eq!(stand.deliver_plan(&creator.user_id, 2, &plan(200, None)).await, 204);
    assert_eq!(limits().await, (200, 5), "never less than without a plan");
    assert_eq!(stand.deliver_plan(&creator.user_id, 1, &plan(300, None)).await, 204);
    assert_eq!(limits().await, (200, 5));
    created(&creator).await;
    assert_eq!(stand.deliver_plan(&creator.user_id, 3, &plan(500, Some("2026-01-01T00:00:00Z"))).await, 204);
    assert_eq!(limits().await, (100, 5), "its time is over");
    assert_eq!(create(&creator).await.code(), "quota_exceeded", "more is used than there is now");
    assert_eq!(stand.deliver_plan(&creator.user_id, 4, &json!({"level": 1, "streams": 1})).await, 204);
    assert_eq!(limits().await, (100, 5), "a plan that says nothing of uploads");
    assert_eq!(stand.deliver_plan(&creator.user_id, 5, &Value::Null).await, 204);
    assert_eq!(limits().await, (100, 5));
    assert_eq!(stand.deliver_plan(&creator.user_id, 6, &json!({"level": "x"})).await, 422);
}
