//! `upload-sessions`: /v1/uploads, with the bytes sent to the real object store by nothing but the URLs.

use mcsp_tests::{Account, Platform, put_as_signed};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

const PART_BYTES: usize = 5 * 1024 * 1024;
const CONCURRENT: usize = 50;
/// SHA-256 of [`small_mp4`], in base64.
const SMALL_MP4_SHA256: &str = "+WtGLg6BUY8vVIhVwHv3+DSQrU6Wep78taoXcWA0kSY=";
const OTHER_SHA256: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
const UNKNOWN: &str = "/v1/uploads/upload_00000000000000000000000000";

/// Begins as an MP4 file does.
fn mp4(size: usize) -> Vec<u8> {
    let mut file = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    file.resize(size, 0);
    file
}

fn small_mp4() -> Vec<u8> {
    mp4(64)
}

fn request(size: usize) -> Value {
    json!({"file_name": "holiday.mp4", "size_bytes": size, "content_type": "video/mp4"})
}

async fn created(creator: &Account, request: &Value) -> Value {
    creator.post("/v1/uploads", request).await.expect(201)
}

fn path(upload: &Value) -> String {
    format!("/v1/uploads/{}", upload["id"].as_str().expect("an id"))
}

async fn sign(creator: &Account, upload: &Value, numbers: &[u32]) -> Vec<Value> {
    let request = json!({"part_numbers": numbers});
    let signed = creator.post(&format!("{}/parts", path(upload)), &request).await.expect(200);
    signed["parts"].as_array().expect("parts").clone()
}

async fn complete(creator: &Account, upload: &Value) -> mcsp_tests::Answer {
    creator.post(&format!("{}/complete", path(upload)), &json!({})).await
}

/// A multipart upload of two parts, with both sent.
async fn both_parts_sent(creator: &Account) -> Value {
    let mut wanted = request(PART_BYTES + 1);
    wanted["method"] = "multipart".into();
    let upload = created(creator, &wanted).await;
    let file = mp4(PART_BYTES + 1);
    for (signed, part) in sign(creator, &upload, &[1, 2]).await.iter().zip(file.chunks(PART_BYTES)) {
        assert_eq!(put_as_signed(creator, signed, part.to_vec()).await, 200);
    }
    upload
}

#[tokio::test]
async fn a_small_file_goes_in_one_piece() {
    let creator = Platform::running().account("creator").await;
    let mut wanted = request(64);
    wanted["checksum_sha256"] = SMALL_MP4_SHA256.into();
    let answer = creator.post("/v1/uploads", &wanted).await;
    let location = answer.header("location").to_owned();
    let upload = answer.expect(201);
    assert_eq!(location, path(&upload));
    assert_eq!((&upload["state"], &upload["method"]), (&json!("waiting"), &json!("put")));
    assert!(upload["video_id"].as_str().is_some_and(|id| id.starts_with("video_")), "{upload}");
    assert_eq!(put_as_signed(&creator, &upload["put"], small_mp4()).await, 200);

    let completed = complete(&creator, &upload).await.expect(200);
    assert_eq!((&completed["id"], &completed["video_id"]), (&upload["id"], &upload["video_id"]));
    assert_eq!(completed["state"], "initiated");
    let seen = creator.get(&path(&upload)).await.expect(200);
    assert!(
        ["initiated", "processing", "ready", "failed"].contains(&seen["state"].as_str().unwrap()),
        "{seen}"
    );
    assert_eq!(seen["put"], Value::Null);
    creator.delete(&path(&upload)).await.refused(409, "upload_completed");
}

#[tokio::test]
async fn a_large_file_goes_in_parts_and_another_device_can_go_on() {
    let creator = Platform::running().account("creator").await;
    let mut wanted = request(PART_BYTES + 1);
    wanted["method"] = "multipart".into();
    let upload = created(&creator, &wanted).await;
    assert_eq!((&upload["part_count"], &upload["part_size_bytes"]), (&json!(2), &json!(PART_BYTES)));
    assert_eq!(upload["put"], Value::Null);
    let parts = format!("{}/parts", path(&upload));
    assert_eq!(creator.get(&parts).await.expect(200)["items"], json!([]));

    let signed = sign(&creator, &upload, &[1, 2]).await;
    let file = mp4(PART_BYTES + 1);
    assert_eq!(put_as_signed(&creator, &signed[1], file[PART_BYTES..].to_vec()).await, 200);
    let stored = creator.get(&parts).await.expect(200);
    assert_eq!(stored["items"][0]["part_number"], 2);
    assert_eq!(stored["items"][0]["size_bytes"], 1);
    complete(&creator, &upload).await.refused(409, "parts_missing");
    assert_eq!(creator.get(&path(&upload)).await.expect(200)["state"], "uploading");

    let missing = sign(&creator, &upload, &[1]).await;
    assert_eq!(put_as_signed(&creator, &missing[0], file[..PART_BYTES].to_vec()).await, 200);
    let page = creator.get(&format!("{parts}?limit=1")).await.expect(200);
    let cursor = page["next_cursor"].as_str().expect("a second page");
    let rest = creator.get(&format!("{parts}?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!((&rest["items"][0]["part_number"], &rest["next_cursor"]), (&json!(2), &Value::Null));
    assert_eq!(complete(&creator, &upload).await.expect(200)["state"], "initiated");
    creator.post(&parts, &json!({"part_numbers": [1]})).await.refused(409, "upload_completed");
}

#[tokio::test]
async fn completing_twice_gives_the_same_answer() {
    let creator = Platform::running().account("creator").await;
    let upload = created(&creator, &request(64)).await;
    assert_eq!(put_as_signed(&creator, &upload["put"], small_mp4()).await, 200);
    let (path, key) = (format!("{}/complete", path(&upload)), Uuid::new_v4().to_string());
    let first = creator.post_with_key(&path, &json!({}), &key).await.expect(200);
    assert_eq!(creator.post_with_key(&path, &json!({}), &key).await.expect(200), first);
    assert_eq!(complete(&creator, &upload).await.expect(200), first);
}

#[tokio::test]
async fn completing_fifty_times_at_once_gives_the_same_answer() {
    let creator = Platform::running().account("creator").await;
    let upload = both_parts_sent(&creator).await;
    let mut all = JoinSet::new();
    for _ in 0..CONCURRENT {
        let (creator, upload) = (creator.clone(), upload.clone());
        all.spawn(async move { complete(&creator, &upload).await.expect(200) });
    }
    let answers = all.join_all().await;
    assert_eq!(answers.len(), CONCURRENT);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn creating_needs_a_key_and_repeats_its_answer() {
    let creator = Platform::running().account("creator").await;
    let without = creator.request(Method::POST, "/v1/uploads").json(&request(64));
    creator.platform.send(without).await.refused(400, "missing_idempotency_key");
    let key = Uuid::new_v4().to_string();
    let first = creator.post_with_key("/v1/uploads", &request(64), &key).await.expect(201);
    assert_eq!(creator.post_with_key("/v1/uploads", &request(64), &key).await.expect(201), first);
    creator.post_with_key("/v1/uploads", &request(65), &key).await.refused(422, "idempotency_key_reused");
    let upload = created(&creator, &request(64)).await;
    let without = creator.request(Method::POST, &format!("{}/complete", path(&upload)));
    creator.platform.send(without).await.refused(400, "missing_idempotency_key");
}

#[tokio::test]
async fn bad_fields_are_told_all_at_once() {
    let creator = Platform::running().account("creator").await;
    let bad =
        json!({"file_name": "../a", "size_bytes": 0, "content_type": "text/html", "checksum_sha256": "x"});
    let answer = creator.post("/v1/uploads", &bad).await;
    answer.refused(422, "validation_failed");
    let pointers: Vec<_> = answer.json["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/file_name", "/content_type", "/size_bytes", "/checksum_sha256"]);
    let mut whole = request(64);
    whole["method"] = "multipart".into();
    whole["checksum_sha256"] = SMALL_MP4_SHA256.into();
    creator.post("/v1/uploads", &whole).await.refused(422, "validation_failed");
    let too_large =
        json!({"file_name": "a", "size_bytes": 67_108_865, "content_type": "video/mp4", "method": "put"});
    creator.post("/v1/uploads", &too_large).await.refused(422, "validation_failed");
}

#[tokio::test]
async fn bad_part_numbers_are_refused_each_at_its_place() {
    let creator = Platform::running().account("creator").await;
    let upload = both_parts_sent(&creator).await;
    let parts = format!("{}/parts", path(&upload));
    let too_many: Vec<u32> = (1..=101).collect();
    for bad in [
        json!({"part_numbers": []}),
        json!({"part_numbers": too_many}),
        json!({"part_numbers": [0]}),
        json!({"part_numbers": [3]}),
        json!({"part_numbers": [1, 1]}),
        json!({"part_numbers": [1], "checksums_sha256": []}),
        json!({"part_numbers": [1], "checksums_sha256": ["x"]}),
        json!({"part_numbers": [1], "checksums_sha256": [OTHER_SHA256]}),
    ] {
        creator.post(&parts, &bad).await.refused(422, "validation_failed");
    }
    let put = created(&creator, &request(64)).await;
    let parts = format!("{}/parts", path(&put));
    creator.post(&parts, &json!({"part_numbers": [1]})).await.refused(409, "not_multipart");
    creator.get(&parts).await.refused(409, "not_multipart");
}

#[tokio::test]
async fn the_store_refuses_another_size_and_another_checksum() {
    let creator = Platform::running().account("creator").await;
    let mut wanted = request(64);
    wanted["checksum_sha256"] = OTHER_SHA256.into();
    let upload = created(&creator, &wanted).await;
    assert_eq!(put_as_signed(&creator, &upload["put"], mp4(65)).await, 403);
    assert_eq!(put_as_signed(&creator, &upload["put"], small_mp4()).await, 400);
    complete(&creator, &upload).await.refused(409, "object_missing");
    assert_eq!(creator.get(&path(&upload)).await.expect(200)["state"], "waiting");
}

#[tokio::test]
async fn a_file_of_another_type_fails_and_is_discarded() {
    let creator = Platform::running().account("creator").await;
    let upload = created(&creator, &request(64)).await;
    let mut html = b"<!doctype html><script>".to_vec();
    html.resize(64, b' ');
    assert_eq!(put_as_signed(&creator, &upload["put"], html).await, 200);
    for _ in 0..2 {
        complete(&creator, &upload).await.refused(422, "content_type_mismatch");
    }
    let seen = creator.get(&path(&upload)).await.expect(200);
    assert_eq!((&seen["state"], &seen["failure_code"]), (&json!("failed"), &json!("content_type_mismatch")));
}

#[tokio::test]
async fn a_cancelled_upload_takes_nothing_more() {
    let creator = Platform::running().account("creator").await;
    let upload = both_parts_sent(&creator).await;
    let signed = sign(&creator, &upload, &[1]).await;
    let stale = creator.request(Method::DELETE, &path(&upload)).header("if-match", "\"1\"");
    creator.platform.send(stale).await.refused(412, "stale");
    for _ in 0..2 {
        creator.delete(&path(&upload)).await.expect(204);
    }
    assert_eq!(creator.get(&path(&upload)).await.expect(200)["state"], "cancelled");
    assert_eq!(
        put_as_signed(&creator, &signed[0], mp4(PART_BYTES)).await,
        404,
        "the store still takes parts"
    );
    complete(&creator, &upload).await.refused(409, "upload_cancelled");
    let parts = format!("{}/parts", path(&upload));
    creator.post(&parts, &json!({"part_numbers": [1]})).await.refused(409, "upload_cancelled");
}

#[tokio::test]
async fn uploads_are_listed_the_newest_first_and_only_ones_own() {
    let platform = Platform::running();
    let (creator, other) = (platform.account("creator").await, platform.account("creator").await);
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.insert(0, created(&creator, &request(64)).await["id"].clone());
    }
    created(&other, &request(64)).await;
    let first = creator.get("/v1/uploads?limit=2").await.expect(200);
    let cursor = first["next_cursor"].as_str().expect("a second page");
    let second = creator.get(&format!("/v1/uploads?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!(second["next_cursor"], Value::Null);
    let pages = [&first, &second].map(|page| page["items"].as_array().unwrap().clone()).concat();
    let seen: Vec<_> = pages.iter().map(|upload| upload["id"].clone()).collect();
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn what_is_unknown_or_anothers_is_not_there() {
    let platform = Platform::running();
    let (creator, other) = (platform.account("creator").await, platform.account("creator").await);
    let upload = created(&creator, &request(64)).await;
    for path in [UNKNOWN, &path(&upload)] {
        other.get(path).await.refused(404, "not_found");
        other.delete(path).await.refused(404, "not_found");
        other.get(&format!("{path}/parts")).await.refused(404, "not_found");
        other.post(&format!("{path}/parts"), &json!({"part_numbers": [1]})).await.refused(404, "not_found");
        other.post(&format!("{path}/complete"), &json!({})).await.refused(404, "not_found");
    }
    assert_eq!(creator.get(&path(&upload)).await.expect(200)["state"], "waiting");
}

#[tokio::test]
async fn a_viewer_uploads_nothing() {
    let viewer = Platform::running().account("viewer").await;
    viewer.post("/v1/uploads", &request(64)).await.refused(403, "insufficient_permission");
    viewer.get("/v1/uploads").await.refused(403, "insufficient_permission");
    viewer.get(UNKNOWN).await.refused(403, "insufficient_permission");
    viewer.delete(UNKNOWN).await.refused(403, "insufficient_permission");
    viewer.get(&format!("{UNKNOWN}/parts")).await.refused(403, "insufficient_permission");
}
