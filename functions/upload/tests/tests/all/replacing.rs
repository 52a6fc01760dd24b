//! Another file for a video that is there: the old one stays until the new one is processed, and one of both after it.

use futures::future::join_all;
use mcsp_testbed::{Reply, unique};
use serde_json::{Value, json};
use upload_tests::{Creator, Stand};

pub const FILE_BYTES: usize = 64;
const AT_ONCE: usize = 12;

pub fn mp4() -> Vec<u8> {
    let mut file = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    file.resize(FILE_BYTES, 0);
    file
}

pub fn path(upload: &Value) -> String {
    format!("/v1/uploads/{}", upload["id"].as_str().unwrap())
}

pub async fn create(creator: &Creator<'_>, more: Value) -> Reply {
    let mut wanted = json!({"file_name": "a.mp4", "size_bytes": FILE_BYTES, "content_type": "video/mp4"});
    wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    creator.request("POST", "/v1/uploads", Some(wanted)).await
}

pub async fn created(creator: &Creator<'_>, more: Value) -> Value {
    let reply = create(creator, more).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    reply.json
}

pub async fn completed(stand: &Stand, creator: &Creator<'_>, upload: &Value) {
    assert_eq!(stand.send(&upload["put"], mp4()).await, 200);
    let complete = creator.request("POST", &format!("{}/complete", path(upload)), None).await;
    assert_eq!(complete.status, 200, "{}", complete.json);
}

pub async fn told(stand: &Stand, happened: &str, upload: &Value) -> u16 {
    let news = json!({"upload_id": upload["id"], "progress_percent": 50, "reason_code": "no_video"});
    stand.deliver(&unique(), happened, &news).await
}

/// An upload that has become a video.
pub async fn ready(stand: &Stand, creator: &Creator<'_>, more: Value) -> Value {
    let upload = created(creator, more).await;
    completed(stand, creator, &upload).await;
    assert_eq!(told(stand, "completed", &upload).await, 204);
    upload
}

pub async fn state(creator: &Creator<'_>, upload: &Value) -> Value {
    creator.request("GET", &path(upload), None).await.json["state"].clone()
}

pub async fn used_bytes(creator: &Creator<'_>) -> Value {
    creator.request("GET", "/v1/uploads/quota", None).await.json["used_bytes"].clone()
}

#[tokio::test]
async fn the_old_file_stays_until_the_new_one_is_processed_and_goes_then() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let old = ready(&stand, &creator, json!({"protection": "cenc"})).await;
    let new = created(&creator, json!({"video_id": old["video_id"]})).await;
    assert_eq!((&new["video_id"], &new["replaces"]), (&old["video_id"], &json!(true)));
    assert_eq!((&old["replaces"], &new["protection"]), (&json!(false), &json!("cenc")));
    completed(&stand, &creator, &new).await;
    let emitted = stand.bed.emitted(new["id"].as_str().unwrap()).await;
    let data = &emitted[0].data;
    assert_eq!((&data["video_id"], &data["replaces"]), (&old["video_id"], &json!(true)));
    assert_eq!(told(&stand, "progressed", &new).await, 204);
    assert!(stand.store_has(&old, None).await);
    assert_eq!(used_bytes(&creator).await, 2 * FILE_BYTES);

    stand.set_store_down(true);
    assert_eq!(told(&stand, "completed", &new).await, 503, "what is left to do is done by the next delivery");
    stand.set_store_down(false);
    assert_eq!((state(&creator, &old).await, state(&creator, &new).await), (json!("purged"), json!("ready")));
    assert!(stand.store_has(&old, None).await);
    for _ in 0..2 {
        assert_eq!(told(&stand, "completed", &new).await, 204);
        assert!(!stand.store_has(&old, None).await && stand.store_has(&new, None).await);
    }
    assert_eq!(used_bytes(&creator).await, FILE_BYTES);

    let newer = ready(&stand, &creator, json!({"video_id": old["video_id"]})).await;
    // The pipeline tells of the one before once more.
    assert_eq!(told(&stand, "completed", &new).await, 204);
    assert_eq!(
        (state(&creator, &new).await, state(&creator, &newer).await),
        (json!("purged"), json!("ready"))
    );
    assert!(stand.store_has(&newer, None).await);
}

#[tokio::test]
async fn of_a_new_file_that_comes_to_nothing_the_old_one_knows_nothing() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let old = ready(&stand, &creator, json!({})).await;
    let failed = created(&creator, json!({"video_id": old["video_id"]})).await;
    completed(&stand, &creator, &failed).await;
    assert_eq!(told(&stand, "failed", &failed).await, 204);
    let seen = creator.request("GET", &path(&failed), None).await.json;
    assert_eq!((&seen["state"], &seen["failure_code"]), (&json!("failed"), &json!("no_video")));
    let cancelled = created(&creator, json!({"video_id": old["video_id"]})).await;
    assert_eq!(creator.request("DELETE", &path(&cancelled), None).await.status, 204);
    assert_eq!(state(&creator, &old).await, "ready");
    assert!(stand.store_has(&old, None).await && !stand.store_has(&failed, None).await);
    ready(&stand, &creator, json!({"video_id": old["video_id"]})).await;
    assert_eq!(state(&creator, &old).await, "purged");
}

#[tokio::test]
async fn a_video_has_one_replacement_at_a_time_however_many_ask_at_once() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let old = ready(&stand, &creator, json!({})).await;
    let replacing = json!({"video_id": old["video_id"]});
    let replies = join_all((0..AT_ONCE).map(|_| create(&creator, replacing.clone()))).await;
    let (made, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!(made.len(), 1);
    for reply in refused {
        assert_eq!((reply.status, reply.code()), (409, "replacement_under_way"));
    }
    completed(&stand, &creator, &made[0].json).await;
    assert_eq!(create(&creator, replacing.clone()).await.code(), "replacement_under_way");
    assert_eq!(told(&stand, "completed", &made[0].json).await, 204);
    created(&creator, replacing).await;
}

#[tokio::test]
async fn only_a_video_of_ones_own_that_is_ready_gets_another_file() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = created(&creator, json!({})).await;
    let replacing = json!({"video_id": upload["video_id"]});
    for happened in ["", "progressed"] {
        let early = create(&creator, replacing.clone()).await;
        assert_eq!((early.status, early.code()), (409, "source_not_ready"));
        if happened.is_empty() {
            completed(&stand, &creator, &upload).await;
        } else {
            assert_eq!(told(&stand, happened, &upload).await, 204);
        }
    }
    assert_eq!(told(&stand, "completed", &upload).await, 204);
    let strange = create(&stand.creator("eu"), replacing.clone()).await;
    assert_eq!((strange.status, strange.code()), (404, "not_found"));
    let unknown = create(&creator, json!({"video_id": "video_01h455vb4pex5vsknk084sn02q"})).await;
    assert_eq!((unknown.status, unknown.code()), (404, "not_found"));
    let protected = json!({"video_id": upload["video_id"], "protection": "none"});
    let protected = create(&creator, protected).await;
    assert_eq!((protected.status, &protected.json["errors"][0]["pointer"]), (422, &json!("/protection")));
    let made: i64 = stand.bed.ask("SELECT count(*) FROM uploads").await;
    assert_eq!(made, 1);
}

#[tokio::test]
async fn with_a_video_goes_what_was_to_replace_its_file() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    for is_complete in [false, true] {
        let old = ready(&stand, &creator, json!({})).await;
        let new = created(&creator, json!({"video_id": old["video_id"]})).await;
        if is_complete {
            completed(&stand, &creator, &new).await;
        } else {
            assert_eq!(stand.send(&new["put"], mp4()).await, 200);
        }
        for _ in 0..2 {
            assert_eq!(stand.deliver_purge(&unique(), &old).await, 204);
        }
        assert_eq!(state(&creator, &old).await, "purged");
        assert_eq!(state(&creator, &new).await, if is_complete { "purged" } else { "cancelled" });
        assert!(!stand.store_has(&old, None).await && !stand.store_has(&new, None).await);
        let late = create(&creator, json!({"video_id": old["video_id"]})).await;
        assert_eq!((late.status, late.code()), (409, "source_not_ready"));
    }
    assert_eq!(used_bytes(&creator).await, 0);
}
