//! How uploads end that are not as they were declared, and that what was announced stays what it was.

use futures::future::{join, join_all};
use mcsp_testbed::unique;
use serde_json::{Value, json};
use upload_tests::{Creator, Stand};

const FILE_BYTES: usize = 64;
const COMPLETIONS: usize = 50;
/// SHA-256 of [`mp4`] with nothing but zeros behind its head, in base64.
const MP4_SHA256: &str = "+WtGLg6BUY8vVIhVwHv3+DSQrU6Wep78taoXcWA0kSY=";
/// SHA-256 of [`mp4`] that ends in 1, in base64.
const OTHER_SHA256: &str = "Hjl3lXyBbobKzJjCn6C4dovcvHVHpaqWxUk/faTFknQ=";

/// Begins as an MP4 file does, and ends in this byte.
fn mp4(size: usize, last: u8) -> Vec<u8> {
    let mut file = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    file.resize(size - 1, 0);
    file.push(last);
    file
}

fn path(upload: &Value) -> String {
    format!("/v1/uploads/{}", upload["id"].as_str().unwrap())
}

async fn created(creator: &Creator<'_>, checksum: Option<&str>) -> Value {
    let wanted = json!({
        "file_name": "a.mp4", "size_bytes": FILE_BYTES, "content_type": "video/mp4", "checksum_sha256": checksum
    });
    let reply = creator.request("POST", "/v1/uploads", Some(wanted)).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    reply.json
}

async fn complete(creator: &Creator<'_>, upload: &Value) -> (u16, String) {
    let reply = creator.request("POST", &format!("{}/complete", path(upload)), None).await;
    (reply.status, reply.code().to_owned())
}

async fn seen(creator: &Creator<'_>, upload: &Value) -> Value {
    creator.request("GET", &path(upload), None).await.json
}

/// What the one event of an upload says of its object.
async fn announced(stand: &Stand, upload: &Value) -> Value {
    let emitted = stand.bed.emitted(upload["id"].as_str().unwrap()).await;
    assert_eq!(emitted.len(), 1, "{emitted:?}");
    emitted[0].data["object"].clone()
}

#[tokio::test]
async fn what_is_not_as_declared_fails_tells_nobody_and_leaves_nothing() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let mut html = b"<!doctype html><script>".to_vec();
    html.resize(FILE_BYTES, b' ');
    let cases = [
        ("truncated", None, mp4(FILE_BYTES - 1, 0), None, "size_mismatch"),
        ("oversized", None, mp4(FILE_BYTES + 1, 0), None, "size_mismatch"),
        ("other bytes", Some(MP4_SHA256), mp4(FILE_BYTES, 1), Some(OTHER_SHA256), "checksum_mismatch"),
        ("bytes of no checksum", Some(MP4_SHA256), mp4(FILE_BYTES, 0), None, "checksum_mismatch"),
        ("another type", None, html, None, "content_type_mismatch"),
    ];
    for (case, declared, bytes, checksum, code) in cases {
        let upload = created(&creator, declared).await;
        stand.put_instead(&upload, &bytes, checksum).await;
        for _ in 0..2 {
            assert_eq!(complete(&creator, &upload).await, (422, code.to_owned()), "{case}");
        }
        let seen = seen(&creator, &upload).await;
        assert_eq!((&seen["state"], &seen["failure_code"]), (&json!("failed"), &json!(code)), "{case}");
        assert!(stand.bed.emitted(upload["id"].as_str().unwrap()).await.is_empty(), "{case}");
        assert!(stand.stored(&upload).await.is_empty(), "{case}");
    }
    let quota = creator.request("GET", "/v1/uploads/quota", None).await.json;
    assert_eq!((&quota["used_bytes"], &quota["open_uploads"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn what_the_store_refused_can_be_sent_again() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = created(&creator, Some(MP4_SHA256)).await;
    for (bytes, status) in
        [(mp4(FILE_BYTES - 1, 0), 403), (mp4(FILE_BYTES + 1, 0), 403), (mp4(FILE_BYTES, 1), 400)]
    {
        assert_eq!(stand.send(&upload["put"], bytes).await, status);
        assert_eq!(complete(&creator, &upload).await, (409, "object_missing".to_owned()));
        assert_eq!(seen(&creator, &upload).await["state"], "waiting");
    }
    assert!(stand.stored(&upload).await.is_empty());
    assert_eq!(stand.send(&upload["put"], mp4(FILE_BYTES, 0)).await, 200);
    assert_eq!(complete(&creator, &upload).await.0, 200);
    assert_eq!(announced(&stand, &upload).await["checksum_sha256"], MP4_SHA256);
}

#[tokio::test]
async fn bytes_that_are_sent_again_change_nothing_that_was_announced() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = created(&creator, None).await;
    assert_eq!(stand.send(&upload["put"], mp4(FILE_BYTES, 1)).await, 200);
    assert_eq!(complete(&creator, &upload).await.0, 200);
    let object = announced(&stand, &upload).await;
    assert_eq!(stand.stored(&upload).await, [object["key"].as_str().unwrap()]);
    assert_eq!(stand.send(&upload["put"], mp4(FILE_BYTES, 2)).await, 200, "the URL is still good");
    assert_eq!(complete(&creator, &upload).await.0, 200);
    assert_eq!(stand.bytes_of(&object).await, mp4(FILE_BYTES, 1));
    assert_eq!(stand.stored(&upload).await.len(), 2);
    stand.run_out().await;
    assert_eq!(stand.deliver_sweep(&upload).await, 204);
    assert_eq!(stand.stored(&upload).await, [object["key"].as_str().unwrap()]);
    assert_eq!(stand.bytes_of(&object).await, mp4(FILE_BYTES, 1));
}

#[tokio::test]
async fn who_sends_and_completes_at_the_same_time_has_one_file_announced_for_good() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = created(&creator, None).await;
    assert_eq!(stand.send(&upload["put"], mp4(FILE_BYTES, 0)).await, 200);
    let completions = join_all((0..COMPLETIONS).map(|_| complete(&creator, &upload)));
    let sent_again = async {
        for last in 1..=20 {
            assert_eq!(stand.send(&upload["put"], mp4(FILE_BYTES, last)).await, 200);
        }
    };
    let (completed, ()) = join(completions, sent_again).await;
    assert!(completed.iter().all(|(status, _)| *status == 200), "{completed:?}");
    let object = announced(&stand, &upload).await;
    let bytes = stand.bytes_of(&object).await;
    assert!((0..=20).any(|last| bytes == mp4(FILE_BYTES, last)), "{bytes:?}");
    assert_eq!(stand.send(&upload["put"], mp4(FILE_BYTES, 99)).await, 200);
    stand.run_out().await;
    assert_eq!(stand.deliver_sweep(&upload).await, 204);
    assert_eq!(stand.stored(&upload).await, [object["key"].as_str().unwrap()]);
    assert_eq!(stand.bytes_of(&object).await, bytes);
}

#[tokio::test]
async fn what_comes_after_the_end_is_swept_too() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = created(&creator, None).await;
    assert_eq!(creator.request("DELETE", &path(&upload), None).await.status, 204);
    assert_eq!(stand.send(&upload["put"], mp4(FILE_BYTES, 0)).await, 200, "the URL is still good");
    assert_eq!(complete(&creator, &upload).await, (409, "upload_cancelled".to_owned()));
    stand.run_out().await;
    assert_eq!(stand.deliver_sweep(&upload).await, 204);
    assert!(stand.stored(&upload).await.is_empty());
}

#[tokio::test]
async fn what_the_pipeline_gives_up_leaves_nothing_also_where_the_store_was_down() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = created(&creator, None).await;
    assert_eq!(stand.send(&upload["put"], mp4(FILE_BYTES, 0)).await, 200);
    assert_eq!(complete(&creator, &upload).await.0, 200);
    let news = json!({"upload_id": upload["id"], "reason_code": "no_video"});
    let event = unique();
    stand.set_store_down(true);
    assert_eq!(stand.deliver(&event, "failed", &news).await, 503);
    assert_eq!(seen(&creator, &upload).await["state"], "failed");
    stand.set_store_down(false);
    assert!(!stand.stored(&upload).await.is_empty());
    assert_eq!(stand.deliver(&event, "failed", &news).await, 204);
    assert!(stand.stored(&upload).await.is_empty());
}
