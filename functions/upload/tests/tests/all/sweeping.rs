//! What is left of uploads that nobody completed, and of those whose account is gone: nothing.

use mcsp_testbed::unique;
use serde_json::{Value, json};
use upload_tests::{Creator, Stand};

const PART_BYTES: usize = 5 * 1024 * 1024;

fn mp4(size: usize) -> Vec<u8> {
    let mut file = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    file.resize(size, 0);
    file
}

fn path(upload: &Value) -> String {
    format!("/v1/uploads/{}", upload["id"].as_str().unwrap())
}

async fn ok(creator: &Creator<'_>, method: &str, path: &str, body: Option<Value>) -> Value {
    let reply = creator.request(method, path, body).await;
    assert!((200..300).contains(&reply.status), "{method} {path}: {}", reply.json);
    reply.json
}

/// An upload whose bytes are there in one piece, and which nobody has completed.
async fn sent(stand: &Stand, creator: &Creator<'_>) -> Value {
    let wanted = json!({"file_name": "a.mp4", "size_bytes": 64, "content_type": "video/mp4"});
    let upload = ok(creator, "POST", "/v1/uploads", Some(wanted)).await;
    assert_eq!(stand.send(&upload["put"], mp4(64)).await, 200);
    assert!(stand.store_has(&upload, None).await);
    upload
}

/// An upload of which one part of two is there, with its multipart upload.
async fn begun(stand: &Stand, creator: &Creator<'_>) -> (Value, String) {
    let wanted = json!({
        "file_name": "a.mp4", "size_bytes": PART_BYTES + 1, "content_type": "video/mp4", "method": "multipart"
    });
    let upload = ok(creator, "POST", "/v1/uploads", Some(wanted)).await;
    let numbers = Some(json!({"part_numbers": [1]}));
    let signed = ok(creator, "POST", &format!("{}/parts", path(&upload)), numbers).await;
    assert_eq!(stand.send(&signed["parts"][0], mp4(PART_BYTES)).await, 200);
    let multipart = stand.multipart(&upload).await;
    assert!(stand.store_has(&upload, Some(&multipart)).await);
    (upload, multipart)
}

#[tokio::test]
async fn what_nobody_completes_is_swept_from_the_store() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let whole = sent(&stand, &creator).await;
    let (parts, multipart) = begun(&stand, &creator).await;
    let timers: i64 = stand.bed.ask("SELECT count(*) FROM timers WHERE component = 'upload-pipeline'").await;
    assert_eq!(timers, 2);
    assert_eq!(stand.deliver_sweep(&whole).await, 409, "it may still be completed");
    assert!(stand.store_has(&whole, None).await);
    stand.run_out().await;
    for upload in [&whole, &parts, &whole] {
        assert_eq!(stand.deliver_sweep(upload).await, 204);
        assert_eq!(ok(&creator, "GET", &path(upload), None).await["state"], "expired");
    }
    assert!(!stand.store_has(&whole, None).await);
    assert!(!stand.store_has(&parts, Some(&multipart)).await);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM uploads WHERE NOT released").await, 0);
}

#[tokio::test]
async fn what_a_store_that_is_down_still_owes_is_swept_later() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = sent(&stand, &creator).await;
    stand.set_store_down(true);
    assert_eq!(creator.request("DELETE", &path(&upload), None).await.status, 503);
    stand.run_out().await;
    assert_eq!(stand.deliver_sweep(&upload).await, 503);
    stand.set_store_down(false);
    assert_eq!(stand.deliver_sweep(&upload).await, 204);
    assert!(!stand.store_has(&upload, None).await);
    assert_eq!(ok(&creator, "GET", &path(&upload), None).await["state"], "cancelled");
}

#[tokio::test]
async fn what_was_completed_stays() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = sent(&stand, &creator).await;
    ok(&creator, "POST", &format!("{}/complete", path(&upload)), None).await;
    stand.run_out().await;
    assert_eq!(stand.deliver_sweep(&upload).await, 204);
    assert!(stand.store_has(&upload, None).await);
    assert_eq!(ok(&creator, "GET", &path(&upload), None).await["state"], "initiated");
}

#[tokio::test]
async fn of_a_video_that_is_deleted_for_good_no_byte_stays_in_any_order() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let [video, kept, late] =
        [sent(&stand, &creator).await, sent(&stand, &creator).await, sent(&stand, &creator).await];
    for upload in [&video, &kept, &late] {
        ok(&creator, "POST", &format!("{}/complete", path(upload)), None).await;
    }
    let used = async || ok(&creator, "GET", "/v1/uploads/quota", None).await["used_bytes"].clone();
    assert_eq!(used().await, 3 * 64);
    stand.set_store_down(true);
    assert_eq!(stand.deliver_purge("p1", &video).await, 503);
    assert_eq!(used().await, 2 * 64, "what is to be removed counts no more");
    stand.set_store_down(false);
    assert!(stand.store_has(&video, None).await);
    for _ in 0..2 {
        assert_eq!(stand.deliver_purge("p1", &video).await, 204);
    }
    assert!(!stand.store_has(&video, None).await);
    assert_eq!(ok(&creator, "GET", &path(&video), None).await["state"], "purged");
    // It was deleted before the pipeline was done, whose word comes after.
    assert_eq!(stand.deliver_purge("p2", &late).await, 204);
    for (happened, news) in [
        ("progressed", json!({"upload_id": late["id"], "progress_percent": 50})),
        ("completed", json!({"upload_id": late["id"]})),
        ("failed", json!({"upload_id": late["id"], "reason_code": "no_video"})),
    ] {
        assert_eq!(stand.deliver(&unique(), happened, &news).await, 204, "{happened}");
        assert_eq!(ok(&creator, "GET", &path(&late), None).await["state"], "purged");
    }
    assert!(stand.store_has(&kept, None).await);
    assert_eq!(used().await, 64);
    stand.run_out().await;
    for upload in [&video, &kept, &late] {
        assert_eq!(stand.deliver_sweep(upload).await, 204);
    }
    assert!(stand.store_has(&kept, None).await && !stand.store_has(&late, None).await);
    let nobodys = json!({"video_id": "video_01h455vb4pex5vsknk084sn02q"});
    assert_eq!(stand.deliver_purge("p3", &nobodys).await, 204);
    let unfinished = sent(&stand, &creator).await;
    assert_eq!(stand.deliver_purge("p4", &unfinished).await, 422, "no video can have come of it");
}

#[tokio::test]
async fn of_an_erased_account_neither_files_nor_names_stay() {
    let stand = Stand::new().await;
    let (gone, stays) = (stand.creator("eu"), stand.creator("eu"));
    let completed = sent(&stand, &gone).await;
    ok(&gone, "POST", &format!("{}/complete", path(&completed)), None).await;
    let (begun, multipart) = begun(&stand, &gone).await;
    let others = sent(&stand, &stays).await;
    let plan = json!({"level": 1, "streams": 1, "upload_bytes": 1});
    assert_eq!(stand.deliver_plan(&gone.user_id, 1, &plan).await, 204);
    stand.set_store_down(true);
    assert_eq!(stand.deliver_erasure("e1", &gone.user_id).await, 503);
    stand.set_store_down(false);
    for _ in 0..2 {
        assert_eq!(stand.deliver_erasure("e1", &gone.user_id).await, 204);
    }
    assert!(!stand.store_has(&completed, None).await);
    assert!(!stand.store_has(&begun, Some(&multipart)).await);
    assert!(stand.store_has(&others, None).await);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM uploads").await, 1);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM plans").await, 0);
    // The pipeline, and the timer, may know of them for longer; and so may a URL.
    stand.put_instead(&completed, &mp4(64), None).await;
    assert!(stand.store_has(&completed, None).await);
    assert_eq!(stand.deliver_sweep(&completed).await, 204);
    assert!(!stand.store_has(&completed, None).await);
    let news = json!({"upload_id": completed["id"], "progress_percent": 100});
    assert_eq!(stand.deliver("e2", "completed", &news).await, 204);
    assert_eq!(stand.deliver_sweep(&begun).await, 204);
}
