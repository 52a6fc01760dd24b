//! Uploads that the platform fetches: from sources that do as they should, and from others.

use futures::future::join_all;
use mcsp_testbed::{Reply, unique};
use serde_json::{Value, json};
use std::time::Duration;
use upload_tests::{Creator, Source, Stand};

const PART_BYTES: usize = 5 * 1024 * 1024;
/// One more than a source may be silent in a row.
const DELIVERIES: usize = 13;
/// So many calls at least decide whether a breaker opens.
const DECIDING_CALLS: usize = 20;

/// Begins as an MP4 file does, and has other bytes everywhere.
fn mp4(size: usize, salt: usize) -> Vec<u8> {
    let mut file = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    let noise = |at: usize| (at.wrapping_mul(2_654_435_761).wrapping_add(salt) >> 7) as u8;
    file.extend((file.len()..size).map(noise));
    file
}

async fn begin(creator: &Creator<'_>, url: &str) -> Reply {
    creator.pull(&unique(), json!({"source_url": url})).await
}

async fn begun(creator: &Creator<'_>, source: &Source) -> Value {
    let reply = begin(creator, &source.url()).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    reply.json
}

async fn seen(creator: &Creator<'_>, upload: &Value) -> Value {
    creator.request("GET", &path(upload), None).await.json
}

fn path(upload: &Value) -> String {
    format!("/v1/uploads/{}", upload["id"].as_str().unwrap())
}

/// The addresses that are still kept.
async fn kept(stand: &Stand) -> i64 {
    stand.bed.ask("SELECT count(*) FROM pulls WHERE source_url IS NOT NULL").await
}

/// That an upload has failed, why, and that nothing of it is left.
async fn failed(stand: &Stand, creator: &Creator<'_>, upload: &Value, code: &str) {
    let seen = seen(creator, upload).await;
    assert_eq!((&seen["state"], &seen["failure_code"]), (&json!("failed"), &json!(code)), "{seen}");
    assert!(stand.stored(upload).await.is_empty());
    let quota = creator.request("GET", "/v1/uploads/quota", None).await.json;
    assert_eq!((&quota["used_bytes"], &quota["open_uploads"]), (&json!(0), &json!(0)));
    assert!(stand.bed.emitted(upload["id"].as_str().unwrap()).await.is_empty());
    assert_eq!(kept(stand).await, 0);
    // It stays so.
    assert_eq!(stand.deliver_pull(upload).await, 204);
    let again = creator.request("POST", &format!("{}/complete", path(upload)), None).await;
    assert_eq!((again.status, again.code()), (422, code));
}

#[tokio::test]
async fn a_file_is_fetched_in_pieces_and_announced_once() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let file = mp4(2 * PART_BYTES + 1000, 1);
    let source = Source::of(file.clone()).await;
    let upload = begun(&creator, &source).await;
    for (field, value) in [
        ("state", json!("waiting")),
        ("file_name", json!("a film.mp4")),
        ("content_type", json!("video/mp4")),
        ("size_bytes", json!(file.len())),
        ("pulled_bytes", json!(0)),
    ] {
        assert_eq!(upload[field], value, "{field}");
    }
    let due = "SELECT count(*) FROM timers WHERE component = 'upload-pull'";
    assert_eq!((stand.bed.ask::<i64>(due).await, kept(&stand).await), (1, 1));
    source.take();
    assert_eq!(stand.deliver_pull(&upload).await, 204);
    let done = seen(&creator, &upload).await;
    assert_eq!((&done["state"], &done["pulled_bytes"]), (&json!("initiated"), &json!(file.len())));
    let emitted = stand.bed.emitted(upload["id"].as_str().unwrap()).await;
    assert_eq!(emitted.len(), 1, "{emitted:?}");
    let object = &emitted[0].data["object"];
    assert!(stand.content(object).await == file);
    assert_eq!(stand.stored(&upload).await, [object["key"].as_str().unwrap()]);
    assert_eq!(kept(&stand).await, 0, "where it came from is forgotten");
    let asked = source.take();
    for headers in &asked {
        assert_eq!(headers["if-range"], "\"one\"");
        for name in ["authorization", "cookie", "traceparent", "referer"] {
            assert!(!headers.contains_key(name), "{name}");
        }
    }
    // However often the timer comes.
    assert_eq!(stand.deliver_pull(&upload).await, 204);
    assert!(source.take().is_empty());
    assert_eq!(stand.bed.emitted(upload["id"].as_str().unwrap()).await.len(), 1);
}

#[tokio::test]
async fn a_source_without_ranges_gives_what_fits_into_one_answer() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let file = mp4(100_000, 2);
    let source = Source::of(file.clone()).await;
    source.set(|has| has.ranges = false);
    let upload = begun(&creator, &source).await;
    assert_eq!(stand.deliver_pull(&upload).await, 204);
    let object = stand.bed.emitted(upload["id"].as_str().unwrap()).await[0].data["object"].clone();
    assert!(stand.content(&object).await == file);
    source.set(|has| has.file = mp4(PART_BYTES + 1, 2));
    let reply = begin(&creator, &source.url()).await;
    assert_eq!((reply.status, reply.code()), (422, "source_without_ranges"));
}

#[tokio::test]
async fn what_breaks_off_anywhere_is_gone_on_with_from_there() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let file = mp4(2 * PART_BYTES + 1000, 3);
    let source = Source::of(file.clone()).await;
    let upload = begun(&creator, &source).await;
    let there = PART_BYTES + (2 << 20);
    source.set(|has| has.fails = Some((there, 503)));
    assert_eq!(stand.deliver_pull(&upload).await, 204);
    let stopped = seen(&creator, &upload).await;
    assert_eq!((&stopped["state"], &stopped["pulled_bytes"]), (&json!("uploading"), &json!(there)));
    let later: bool = stand
        .bed
        .ask("SELECT due_at > now() + interval '1 second' FROM timers WHERE component = 'upload-pull'")
        .await;
    assert!(later, "it is given time");
    // The store is away, and with it whoever asks it.
    source.set(|has| has.fails = None);
    stand.set_store_down(true);
    assert_eq!(stand.deliver_pull(&upload).await, 503);
    stand.set_store_down(false);
    source.take();
    let replies = join_all((0..4).map(|_| stand.deliver_pull(&upload))).await;
    assert!(
        replies.contains(&204) && replies.iter().all(|status| [204, 409, 423].contains(status)),
        "{replies:?}"
    );
    for headers in source.take() {
        let range = headers["range"].to_str().unwrap();
        let from: usize = range.trim_start_matches("bytes=").split('-').next().unwrap().parse().unwrap();
        assert!(from >= there, "{range}");
    }
    // Who came too late comes again.
    assert_eq!(stand.deliver_pull(&upload).await, 204);
    assert_eq!(seen(&creator, &upload).await["state"], "initiated");
    let emitted = stand.bed.emitted(upload["id"].as_str().unwrap()).await;
    assert_eq!(emitted.len(), 1, "{emitted:?}");
    assert!(stand.content(&emitted[0].data["object"]).await == file);
}

#[tokio::test]
async fn a_file_that_has_changed_is_not_mixed_with_what_it_was() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let whole = Source::of(mp4(2 * PART_BYTES, 4)).await;
    let upload = begun(&creator, &whole).await;
    whole.set(|has| has.fails = Some((PART_BYTES, 503)));
    assert_eq!(stand.deliver_pull(&upload).await, 204);
    whole.set(|has| (has.file, has.etag, has.fails) = (mp4(2 * PART_BYTES, 5), Some("\"two\""), None));
    assert_eq!(stand.deliver_pull(&upload).await, 204);
    failed(&stand, &creator, &upload, "source_changed").await;

    // Of another size, which needs no tag.
    let untagged = Source::of(mp4(PART_BYTES, 4)).await;
    untagged.set(|has| has.etag = None);
    let upload = begun(&creator, &untagged).await;
    untagged.set(|has| has.file = mp4(PART_BYTES + 1, 4));
    assert_eq!(stand.deliver_pull(&upload).await, 204);
    failed(&stand, &creator, &upload, "source_changed").await;

    // Of the same size, and no video any more.
    untagged.set(|has| has.file = mp4(PART_BYTES, 4));
    let upload = begun(&creator, &untagged).await;
    untagged.set(|has| has.file = vec![b'x'; PART_BYTES]);
    assert_eq!(stand.deliver_pull(&upload).await, 204);
    failed(&stand, &creator, &upload, "content_type_mismatch").await;

    let gone = Source::of(mp4(PART_BYTES, 4)).await;
    let upload = begun(&creator, &gone).await;
    gone.set(|has| has.fails = Some((0, 410)));
    assert_eq!(stand.deliver_pull(&upload).await, 204);
    failed(&stand, &creator, &upload, "source_refused").await;
}

#[tokio::test]
async fn a_source_that_gives_nothing_is_given_up_in_the_end() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let source = Source::of(mp4(PART_BYTES + 1, 6)).await;
    let upload = begun(&creator, &source).await;
    source.set(|has| has.fails = Some((PART_BYTES, 429)));
    for _ in 1..DELIVERIES {
        assert_eq!(stand.deliver_pull(&upload).await, 204);
        assert_eq!(seen(&creator, &upload).await["state"], "uploading");
    }
    assert_eq!(stand.deliver_pull(&upload).await, 204);
    failed(&stand, &creator, &upload, "source_unreachable").await;
}

#[tokio::test]
async fn a_source_whose_breaker_is_open_is_waited_for_and_has_not_failed() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let source = Source::of(mp4(PART_BYTES + 1, 14)).await;
    let upload = begun(&creator, &source).await;
    source.set(|has| has.fails = Some((0, 503)));
    let mut refused = begin(&creator, &source.url()).await;
    for _ in 0..2 * DECIDING_CALLS {
        if refused.status != 422 {
            break;
        }
        assert_eq!(refused.code(), "source_unreachable");
        refused = begin(&creator, &source.url()).await;
    }
    assert_eq!((refused.status, refused.code()), (503, "dependency_unavailable"), "{}", refused.json);
    let retry_after: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=5).contains(&retry_after), "{retry_after}");

    // One failure more would be the last. Nobody is asked, however well the source is by now.
    stand.bed.execute("UPDATE pulls SET failures = 12").await;
    source.set(|has| has.fails = None);
    source.take();
    assert_eq!(stand.deliver_pull(&upload).await, 204);
    assert!(source.take().is_empty());
    assert!(seen(&creator, &upload).await["failure_code"].is_null());
    assert_eq!(stand.bed.ask::<i32>("SELECT failures FROM pulls").await, 12);
    let soon: bool = stand
        .bed
        .ask("SELECT due_at BETWEEN now() AND now() + interval '5 s' FROM timers WHERE component = 'upload-pull'")
        .await;
    assert!(soon, "its timer comes when the breaker lets somebody through");
}

#[tokio::test]
async fn a_source_that_is_slow_is_asked_on() {
    let stand = Stand::new().await;
    let source = Source::of(mp4(1000, 15)).await;
    // Of a store this would be slow enough to open its breaker.
    source.set(|has| has.takes = Duration::from_millis(1_100));
    let creators: Vec<_> = (0..DECIDING_CALLS).map(|_| stand.creator("eu")).collect();
    let url = source.url();
    let replies = join_all(creators.iter().map(|creator| begin(creator, &url))).await;
    let statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [201; DECIDING_CALLS]);
    let one_more = begin(&stand.creator("eu"), &url).await;
    assert_eq!(one_more.status, 201, "{}", one_more.json);
}

#[tokio::test]
async fn what_is_taken_back_or_runs_out_while_it_is_fetched_leaves_nothing() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let source = Source::of(mp4(2 * PART_BYTES, 7)).await;
    for state in ["cancelled", "expired"] {
        let upload = begun(&creator, &source).await;
        source.set(|has| has.fails = Some((PART_BYTES + 1, 503)));
        assert_eq!(stand.deliver_pull(&upload).await, 204);
        assert!(
            !stand.stored(&upload).await.is_empty() || seen(&creator, &upload).await["pulled_bytes"] != 0
        );
        source.set(|has| has.fails = None);
        if state == "cancelled" {
            assert_eq!(creator.request("DELETE", &path(&upload), None).await.status, 204);
        } else {
            stand.run_out().await;
        }
        source.take();
        assert_eq!(stand.deliver_pull(&upload).await, 204);
        assert_eq!(seen(&creator, &upload).await["state"], state);
        assert!(stand.stored(&upload).await.is_empty() && source.take().is_empty());
        assert_eq!(kept(&stand).await, 0);
    }
    let upload = begun(&creator, &source).await;
    assert_eq!(stand.deliver_erasure(&unique(), &creator.user_id).await, 204);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM pulls").await, 0);
    assert_eq!(stand.deliver_pull(&upload).await, 204);
}

#[tokio::test]
async fn addresses_that_lead_to_what_is_not_public_are_not_called() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    for url in [
        "https://10.0.0.1/a.mp4",
        "https://169.254.169.254/latest/meta-data/",
        "https://192.168.1.1:8443/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fd00::1]/",
        "https://[64:ff9b::a00:1]/",
        "http://[::1]:8080/",
    ] {
        let reply = begin(&creator, url).await;
        assert_eq!((reply.status, reply.code()), (422, "source_not_allowed"), "{url}");
        // A redirect is looked at as an address is.
        let source = Source::of(mp4(64, 8)).await;
        source.set(|has| has.leads_to = Some(url.to_owned()));
        let reply = begin(&creator, &source.url()).await;
        assert_eq!((reply.status, reply.code()), (422, "source_not_allowed"), "{url}");
        assert_eq!(source.take().len(), 1);
    }
    for (url, code) in [
        ("http://files.example/a.mp4", "https_required"),
        ("ftp://files.example/a.mp4", "https_required"),
        ("https://me:hush@files.example/a.mp4", "credentials_in_url"),
        ("https://files.example:22/", "port_not_allowed"),
        ("a.mp4", "invalid_url"),
    ] {
        let reply = begin(&creator, url).await;
        assert_eq!(
            (reply.status, &reply.json["errors"][0]["pointer"]),
            (422, &json!("/source_url")),
            "{url}"
        );
        assert_eq!(reply.json["errors"][0]["code"], code, "{url}");
        assert!(!reply.text.contains("hush"));
    }
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM uploads").await, 0);
}

#[tokio::test]
async fn redirects_are_followed_so_far_and_no_further() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let file = mp4(PART_BYTES + 1, 9);
    let (there, way) = (Source::of(file.clone()).await, Source::of(Vec::new()).await);
    way.set(|has| has.leads_to = Some(there.url()));
    let upload = begun(&creator, &way).await;
    way.take();
    assert_eq!(stand.deliver_pull(&upload).await, 204);
    assert_eq!(seen(&creator, &upload).await["state"], "initiated");
    assert_eq!(way.take().len(), 1, "a step asks for the way once");
    let object = stand.bed.emitted(upload["id"].as_str().unwrap()).await[0].data["object"].clone();
    assert!(stand.content(&object).await == file);

    way.set(|has| has.leads_to = Some("/again".to_owned()));
    let reply = begin(&creator, &way.url()).await;
    assert_eq!((reply.status, reply.code(), way.take().len()), (422, "source_refused", 6));
    way.set(|has| has.leads_to = Some("http://files.example/".to_owned()));
    assert_eq!(begin(&creator, &way.url()).await.code(), "source_not_allowed");
}

#[tokio::test]
async fn a_source_that_will_not_do_is_told_of_at_once_and_without_its_words() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let source = Source::of(mp4(64, 10)).await;
    let refused = async |code: &str| {
        let reply = begin(&creator, &source.url()).await;
        assert_eq!((reply.status, reply.code()), (422, code), "{}", reply.json);
        assert!(!reply.text.contains("words of a source") && !reply.text.contains("hush"), "{}", reply.text);
    };
    for (status, code) in [(401, "source_refused"), (404, "source_refused"), (416, "source_unusable")] {
        source.set(|has| has.fails = Some((0, status)));
        refused(code).await;
    }
    source.set(|has| (has.fails, has.claimed_bytes) = (None, Some(1 << 40)));
    refused("source_too_large").await;
    source.set(|has| (has.file, has.claimed_bytes) = (b"<html><body>no video</body></html>".to_vec(), None));
    refused("content_type_not_allowed").await;
    source.set(|has| has.fails = Some((0, 503)));
    refused("source_unreachable").await;
    let nobody = begin(&creator, "http://127.0.0.1:1999/a.mp4").await;
    assert_eq!((nobody.status, nobody.code()), (422, "source_unreachable"));
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM uploads").await, 0);
}

#[tokio::test]
async fn a_source_that_never_answers_is_waited_for_so_long() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let source = Source::of(mp4(64, 11)).await;
    source.set(|has| has.hangs = true);
    let reply = begin(&creator, &source.url()).await;
    assert_eq!((reply.status, reply.code()), (422, "source_unreachable"));
}

#[tokio::test]
async fn it_is_an_upload_as_all_others() {
    let stand = Stand::with(&[("upload_quota_bytes", "1000"), ("upload_open_limit", "1")]).await;
    let creator = stand.creator("eu");
    let source = Source::of(mp4(1001, 12)).await;
    assert_eq!(begin(&creator, &source.url()).await.code(), "quota_exceeded");
    source.set(|has| has.file = mp4(1000, 12));
    let wanted = json!({"source_url": source.url(), "file_name": "mine.mp4", "protection": "cenc"});
    let key = unique();
    let first = creator.pull(&key, wanted.clone()).await;
    assert_eq!(first.status, 201, "{}", first.json);
    assert_eq!((&first.json["file_name"], &first.json["protection"]), (&json!("mine.mp4"), &json!("cenc")));
    assert_eq!(first.headers["location"].to_str().unwrap(), path(&first.json));
    source.take();
    let again = creator.pull(&key, wanted).await;
    assert_eq!((again.status, &again.json["id"]), (201, &first.json["id"]));
    assert!(source.take().is_empty());
    assert_eq!(begin(&creator, &source.url()).await.code(), "too_many_open_uploads");
    let elsewhere = stand.creator("nowhere");
    assert_eq!(begin(&elsewhere, &source.url()).await.code(), "no_bucket_for_region");
    let other = stand.creator("eu");
    assert_eq!(other.request("GET", &path(&first.json), None).await.status, 404);
    let replacing = json!({"source_url": source.url(), "video_id": "video_00000000000000000000000000"});
    assert_eq!(other.pull(&unique(), replacing).await.status, 404);
    assert_eq!(creator.pull("", json!({"source_url": source.url()})).await.status, 400);
}

#[tokio::test]
async fn a_video_gets_another_file_from_an_address() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let source = Source::of(mp4(1000, 13)).await;
    let old = begun(&creator, &source).await;
    assert_eq!(stand.deliver_pull(&old).await, 204);
    assert_eq!(stand.deliver(&unique(), "completed", &json!({"upload_id": old["id"]})).await, 204);
    let replacing = json!({"source_url": source.url(), "video_id": old["video_id"]});
    let new = creator.pull(&unique(), replacing).await;
    assert_eq!(new.status, 201, "{}", new.json);
    assert_eq!(stand.deliver_pull(&new.json).await, 204);
    let emitted = stand.bed.emitted(new.json["id"].as_str().unwrap()).await;
    assert_eq!(
        (&emitted[0].data["replaces"], &emitted[0].data["video_id"]),
        (&json!(true), &old["video_id"])
    );
}
