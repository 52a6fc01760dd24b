//! Tokens for one upload: what whoever has one may do, and all that they may not.

use bytes::Bytes;
use http_body_util::{Empty, Full};
use mcsp_testbed::{Reply, unique};
use serde_json::{Value, json};
use upload_tests::{Creator, Stand};

const PART_BYTES: usize = 5 * 1024 * 1024;
const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
const CHUNK: (&str, &str) = ("content-type", "application/offset+octet-stream");

async fn created(creator: &Creator<'_>, size: usize, method: &str) -> Value {
    let wanted =
        json!({"file_name": "a.mp4", "size_bytes": size, "content_type": "video/mp4", "method": method});
    let reply = creator.request("POST", "/v1/uploads", Some(wanted)).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    reply.json
}

fn path(upload: &Value) -> String {
    format!("/v1/uploads/{}", upload["id"].as_str().unwrap())
}

/// Where tus finds an upload.
fn tus_path(upload: &Value) -> String {
    format!("/v1/tus/{}", upload["id"].as_str().unwrap())
}

async fn delegated(creator: &Creator<'_>, upload: &Value, body: Option<Value>) -> Reply {
    creator.request("POST", &format!("{}/token", path(upload)), body).await
}

/// Whoever was given a token for an upload.
async fn holder<'a>(stand: &'a Stand, creator: &Creator<'_>, upload: &Value) -> Creator<'a> {
    let reply = delegated(creator, upload, None).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    stand.holder(reply.json["token"].as_str().unwrap())
}

async fn by_tus(sender: &Creator<'_>, method: &str, path: &str, offset: usize, bytes: &[u8]) -> Reply {
    let offset = offset.to_string();
    let headers = [CHUNK, ("upload-offset", offset.as_str())];
    sender.tus((method, path), &headers, Full::from(bytes.to_vec())).await
}

#[tokio::test]
async fn a_token_is_shown_once_and_is_good_for_as_long_as_was_asked() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = created(&creator, MP4.len(), "put").await;
    for (body, seconds) in [
        (None, 3_600),
        (Some(json!({})), 3_600),
        (Some(json!({"valid_for_s": 60})), 60),
        (Some(json!({"valid_for_s": 86_400})), 86_400),
    ] {
        let asked_at = stand.bed.now();
        let reply = delegated(&creator, &upload, body).await;
        assert_eq!(reply.headers["cache-control"], "no-store");
        assert_eq!(reply.json["upload_id"], upload["id"]);
        let expires_at: jiff::Timestamp = reply.json["expires_at"].as_str().unwrap().parse().unwrap();
        let ends_at: jiff::Timestamp = upload["expires_at"].as_str().unwrap().parse().unwrap();
        let good_for_s = expires_at.duration_since(asked_at).as_secs();
        assert!(good_for_s == seconds || expires_at == ends_at, "{good_for_s}");
        let token = reply.json["token"].as_str().unwrap();
        let kept = "SELECT count(*) FROM upload_tokens WHERE digest = sha256(convert_to('{}', 'UTF8'))";
        assert_eq!(stand.bed.ask::<i64>(&kept.replace("{}", token)).await, 1);
    }
    for valid_for_s in [0, 59, 86_401] {
        let refused = delegated(&creator, &upload, Some(json!({"valid_for_s": valid_for_s}))).await;
        assert_eq!((refused.status, refused.code()), (422, "validation_failed"));
        assert_eq!(refused.json["errors"][0]["pointer"], "/valid_for_s");
    }
}

#[tokio::test]
async fn whoever_has_it_sends_and_completes_the_upload_in_its_owners_name() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = created(&creator, MP4.len(), "put").await;
    let holder = holder(&stand, &creator, &upload).await;
    let seen = holder.request("GET", &path(&upload), None).await;
    assert_eq!((seen.status, &seen.json["state"]), (200, &json!("waiting")));
    assert_eq!(stand.send(&seen.json["put"], MP4.to_vec()).await, 200);
    let key = unique();
    let complete = format!("{}/complete", path(&upload));
    let completed = holder.request_with_key(("POST", &complete), &key, None).await;
    assert_eq!(completed.status, 200, "{}", completed.json);
    // Also the owner gets the answer that was given.
    let again = creator.request_with_key(("POST", &complete), &key, None).await;
    assert_eq!((again.status, &again.json), (200, &completed.json));
    let emitted = stand.bed.emitted(upload["id"].as_str().unwrap()).await;
    assert_eq!(emitted.len(), 1, "{emitted:?}");
    assert_eq!(emitted[0].data["owner_id"], creator.user_id);
    assert_eq!(holder.request("GET", &path(&upload), None).await.json["state"], "initiated");
}

#[tokio::test]
async fn whoever_has_it_sends_parts_and_takes_the_upload_back() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = created(&creator, PART_BYTES + 1, "multipart").await;
    let holder = holder(&stand, &creator, &upload).await;
    let parts = format!("{}/parts", path(&upload));
    let signed = holder.request("POST", &parts, Some(json!({"part_numbers": [2]}))).await;
    assert_eq!(stand.send(&signed.json["parts"][0], vec![0]).await, 200, "{}", signed.json);
    let listed = holder.request("GET", &parts, None).await;
    assert_eq!(listed.json["items"][0]["part_number"], 2, "{}", listed.json);
    assert_eq!(holder.request("DELETE", &path(&upload), None).await.status, 204);
    assert_eq!(creator.request("GET", &path(&upload), None).await.json["state"], "cancelled");
}

#[tokio::test]
async fn whoever_has_it_sends_the_upload_by_tus() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let begun = created(&creator, 64, "multipart").await;
    let tus = tus_path(&begun);
    let holder = holder(&stand, &creator, &begun).await;
    let mut file = MP4.to_vec();
    file.resize(64, 7);
    assert_eq!(by_tus(&holder, "PATCH", &tus, 0, &file[..40]).await.status, 204);
    let told = holder.tus(("HEAD", &tus), &[], Empty::<Bytes>::new()).await;
    assert_eq!((told.status, told.headers["upload-offset"].to_str().unwrap()), (200, "40"));
    assert_eq!(by_tus(&holder, "PATCH", &tus, 40, &file[40..]).await.status, 204);
    assert_eq!(creator.request("GET", &path(&begun), None).await.json["state"], "initiated");
    let other = created(&creator, 64, "multipart").await;
    let holder = self::holder(&stand, &creator, &other).await;
    assert_eq!(holder.tus(("DELETE", &tus_path(&other)), &[], Empty::<Bytes>::new()).await.status, 204);
}

#[tokio::test]
async fn a_token_is_good_for_no_other_upload_and_no_other_route() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let (own, other) = (created(&creator, 64, "multipart").await, created(&creator, 64, "multipart").await);
    // The other one has a token too.
    holder(&stand, &creator, &other).await;
    let draft = creator.request_drafts(("POST", "/v1/drafts"), &[], Some(json!({"title": "A walk"}))).await;
    let draft = format!("/v1/drafts/{}", draft.json["id"].as_str().unwrap());
    let holder = holder(&stand, &creator, &own).await;

    let file = json!({"file_name": "a.mp4", "size_bytes": 9, "content_type": "video/mp4"});
    let part = json!({"part_numbers": [1]});
    let (elsewhere, submit) = (path(&other), format!("{draft}/submit"));
    let cases = [
        ("POST", "/v1/uploads".to_owned(), Some(file), "invalid_token"),
        ("GET", "/v1/uploads".to_owned(), None, "invalid_token"),
        ("GET", "/v1/uploads/quota".to_owned(), None, "invalid_token"),
        ("POST", format!("{}/token", path(&own)), None, "invalid_token"),
        ("POST", format!("{elsewhere}/token"), None, "invalid_token"),
        ("GET", elsewhere.clone(), None, "invalid_upload_token"),
        ("DELETE", elsewhere.clone(), None, "invalid_upload_token"),
        ("POST", format!("{elsewhere}/parts"), Some(part), "invalid_upload_token"),
        ("GET", format!("{elsewhere}/parts"), None, "invalid_upload_token"),
        ("POST", format!("{elsewhere}/complete"), None, "invalid_upload_token"),
        ("GET", "/v1/uploads/upload_00000000000000000000000000".to_owned(), None, "invalid_upload_token"),
    ];
    for (method, path, body, code) in cases {
        let refused = holder.request(method, &path, body).await;
        assert_eq!((refused.status, refused.code()), (401, code), "{method} {path}");
        assert!(refused.headers["www-authenticate"].to_str().unwrap().contains("invalid_token"));
    }
    let written = json!({"title": "Another"});
    for (method, path, body) in [
        ("POST", "/v1/drafts", Some(written.clone())),
        ("GET", "/v1/drafts", None),
        ("GET", &draft, None),
        ("PUT", &draft, Some(written)),
        ("DELETE", &draft, None),
        ("POST", &submit, None),
    ] {
        let refused = holder.request_drafts((method, path), &[("if-match", "*")], body).await;
        assert_eq!((refused.status, refused.code()), (401, "invalid_token"), "{method} {path}");
    }
    for (method, path, code) in [
        ("POST", "/v1/tus".to_owned(), "invalid_token"),
        ("GET", tus_path(&other), "invalid_upload_token"),
        ("PATCH", tus_path(&other), "invalid_upload_token"),
        ("DELETE", tus_path(&other), "invalid_upload_token"),
    ] {
        let refused = by_tus(&holder, method, &path, 0, b"x").await;
        assert_eq!((refused.status, refused.code()), (401, code), "{method} {path}");
    }
    let made: i64 = stand.bed.ask("SELECT count(*) FROM uploads WHERE state = 'waiting'").await;
    assert_eq!(made, 2, "all is as it was");
}

#[tokio::test]
async fn a_token_that_was_replaced_changed_or_has_expired_is_refused() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = created(&creator, 64, "put").await;
    let first = holder(&stand, &creator, &upload).await;
    assert_eq!(first.request("GET", &path(&upload), None).await.status, 200);
    let token = delegated(&creator, &upload, None).await.json["token"].as_str().unwrap().to_owned();
    let replaced = first.request("GET", &path(&upload), None).await;
    assert_eq!((replaced.status, replaced.code()), (401, "invalid_upload_token"));
    let status = async |token: &str| stand.holder(token).request("GET", &path(&upload), None).await.status;
    assert_eq!(status(&token).await, 200);
    for at in [0, 17, 18, token.len() - 1] {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
        assert_eq!(status(std::str::from_utf8(&changed).unwrap()).await, 401, "character {at}");
    }
    assert_eq!(status(&token[..token.len() - 1]).await, 401);
    stand.bed.execute("UPDATE upload_tokens SET expires_at = now() - interval '1 second'").await;
    assert_eq!(status(&token).await, 401);
}

#[tokio::test]
async fn only_its_owner_gets_one_and_only_of_an_upload_that_is_open() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = created(&creator, MP4.len(), "put").await;
    let strange = delegated(&stand.creator("eu"), &upload, None).await;
    assert_eq!((strange.status, strange.code()), (404, "not_found"));
    assert_eq!(stand.send(&upload["put"], MP4.to_vec()).await, 200);
    let complete = format!("{}/complete", path(&upload));
    assert_eq!(creator.request("POST", &complete, None).await.status, 200);
    let late = delegated(&creator, &upload, None).await;
    assert_eq!((late.status, late.code()), (409, "upload_completed"));
    let cancelled = created(&creator, 64, "put").await;
    assert_eq!(creator.request("DELETE", &path(&cancelled), None).await.status, 204);
    let late = delegated(&creator, &cancelled, None).await;
    assert_eq!((late.status, late.code()), (409, "upload_cancelled"));
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM upload_tokens").await, 0);
}

#[tokio::test]
async fn nothing_of_a_token_outlives_the_uploads_time_or_its_owners_account() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let (swept, erased) = (created(&creator, 64, "put").await, created(&creator, 64, "put").await);
    let holders = [holder(&stand, &creator, &swept).await, holder(&stand, &creator, &erased).await];
    let left = async || stand.bed.ask::<i64>("SELECT count(*) FROM upload_tokens").await;
    assert_eq!(left().await, 2);
    stand.run_out().await;
    assert_eq!(stand.deliver_sweep(&swept).await, 204);
    assert_eq!(left().await, 1);
    assert_eq!(stand.deliver_erasure(&unique(), &creator.user_id).await, 204);
    assert_eq!(left().await, 0);
    for (holder, upload) in holders.iter().zip([&swept, &erased]) {
        assert_eq!(holder.request("GET", &path(upload), None).await.status, 401);
    }
}
