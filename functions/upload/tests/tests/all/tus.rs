//! Uploads by tus: what a chunk of any size, a broken body, and many writers at once make of a file.

use bytes::Bytes;
use futures::future::join_all;
use futures::stream::{self, StreamExt};
use http_body::Frame;
use http_body_util::{Empty, Full, StreamBody};
use mcsp_testbed::Reply;
use serde_json::{Value, json};
use std::io;
use upload_tests::{Creator, Stand};

const PART_BYTES: usize = 5 * 1024 * 1024;
const WRITERS: usize = 12;
const CHUNK: (&str, &str) = ("content-type", "application/offset+octet-stream");
/// `a.mp4` and `video/mp4`.
const METADATA: &str = "filename YS5tcDQ=,filetype dmlkZW8vbXA0,relativePath bnVsbA==";

const PROTECTED: &str = "filename YS5tcDQ=,filetype dmlkZW8vbXA0,protection Y2VuYw==";
const PROTECTED_BY_ROT13: &str = "filename YS5tcDQ=,filetype dmlkZW8vbXA0,protection cm90MTM=";
const PROTECTED_BY_NOTHING: &str = "filename YS5tcDQ=,filetype dmlkZW8vbXA0,protection";

/// Begins as an MP4 file does, and has other bytes everywhere.
fn mp4(size: usize, salt: usize) -> Vec<u8> {
    let mut file = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    let noise = |at: usize| (at.wrapping_mul(2_654_435_761).wrapping_add(salt) >> 7) as u8;
    file.extend((file.len()..size).map(noise));
    file
}

async fn created(creator: &Creator<'_>, size: usize) -> String {
    let length = size.to_string();
    let headers = [("upload-length", length.as_str()), ("upload-metadata", METADATA)];
    let reply = creator.tus(("POST", "/v1/tus"), &headers, Empty::<Bytes>::new()).await;
    assert_eq!(
        (reply.status, reply.headers["tus-resumable"].to_str().unwrap()),
        (201, "1.0.0"),
        "{}",
        reply.json
    );
    assert!(reply.headers["upload-expires"].to_str().unwrap().ends_with(" GMT"));
    reply.headers["location"].to_str().unwrap().to_owned()
}

async fn append(
    creator: &Creator<'_>,
    path: &str,
    offset: usize,
    bytes: &[u8],
    more: &[(&str, &str)],
) -> Reply {
    let offset = offset.to_string();
    let mut headers = vec![CHUNK, ("upload-offset", offset.as_str())];
    headers.extend(more);
    creator.tus(("PATCH", path), &headers, Full::from(bytes.to_vec())).await
}

async fn head(creator: &Creator<'_>, path: &str) -> Reply {
    creator.tus(("HEAD", path), &[], Empty::<Bytes>::new()).await
}

fn offset(reply: &Reply) -> usize {
    reply.headers["upload-offset"].to_str().unwrap().parse().unwrap()
}

/// The upload as `/v1/uploads` shows it.
async fn upload(creator: &Creator<'_>, path: &str) -> Value {
    creator.request("GET", &path.replace("/tus/", "/uploads/"), None).await.json
}

/// What the one event of an upload says of its object.
async fn announced(stand: &Stand, upload: &Value) -> Value {
    let emitted = stand.bed.emitted(upload["id"].as_str().unwrap()).await;
    assert_eq!(emitted.len(), 1, "{emitted:?}");
    emitted[0].data["object"].clone()
}

#[tokio::test]
async fn chunks_of_any_size_make_the_file_that_is_announced_once() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let file = mp4(2 * PART_BYTES + 1000, 1);
    let path = created(&creator, file.len()).await;
    assert_eq!(upload(&creator, &path).await["state"], "waiting");
    let ends =
        [1, 40, 100_000, PART_BYTES - 1, PART_BYTES, 2 * PART_BYTES + 7, 2 * PART_BYTES + 8, file.len()];
    let mut begin = 0;
    for end in ends {
        let reply = append(&creator, &path, begin, &file[begin..end], &[]).await;
        assert_eq!((reply.status, offset(&reply)), (204, end), "{}", reply.json);
        assert_eq!(offset(&head(&creator, &path).await), end);
        begin = end;
    }
    let upload = upload(&creator, &path).await;
    assert_eq!((&upload["state"], &upload["file_name"]), (&json!("initiated"), &json!("a.mp4")));
    let object = announced(&stand, &upload).await;
    assert!(stand.content(&object).await == file);
    assert_eq!(stand.stored(&upload).await, [object["key"].as_str().unwrap()]);
    // Whoever missed the last answer asks again.
    let again = append(&creator, &path, file.len(), &[], &[]).await;
    assert_eq!((again.status, offset(&again)), (204, file.len()));
    let told = head(&creator, &path).await;
    let text = |name: &str| told.headers[name].to_str().unwrap();
    assert_eq!((text("upload-length"), text("cache-control")), (file.len().to_string().as_str(), "no-store"));
    assert_eq!(text("upload-metadata"), "filename YS5tcDQ=,filetype dmlkZW8vbXA0,protection bm9uZQ==");
    let quota = creator.request("GET", "/v1/uploads/quota", None).await.json;
    assert_eq!((&quota["used_bytes"], &quota["open_uploads"]), (&json!(file.len()), &json!(0)));
}

#[tokio::test]
async fn what_has_arrived_of_a_body_that_breaks_off_stays() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let file = mp4(PART_BYTES + 5000, 2);
    let path = created(&creator, file.len()).await;
    let arrived = PART_BYTES + 1234;
    let frames: Vec<_> =
        file[..arrived].chunks(65_536).map(|bytes| Ok(Frame::data(Bytes::copy_from_slice(bytes)))).collect();
    let broken =
        stream::iter(frames).chain(stream::iter([Err(io::Error::from(io::ErrorKind::ConnectionReset))]));
    let reply =
        creator.tus(("PATCH", &path), &[CHUNK, ("upload-offset", "0")], StreamBody::new(broken)).await;
    assert_eq!((reply.status, reply.code()), (400, "body_unreadable"));
    assert_eq!(offset(&head(&creator, &path).await), arrived);
    let reply = append(&creator, &path, arrived, &file[arrived..], &[]).await;
    assert_eq!(reply.status, 204, "{}", reply.json);
    let upload = upload(&creator, &path).await;
    assert!(stand.content(&announced(&stand, &upload).await).await == file);
}

#[tokio::test]
async fn of_many_who_write_at_once_one_does_and_no_bytes_are_mixed() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let files: Vec<_> = (0..WRITERS).map(|salt| mp4(PART_BYTES + 99, salt)).collect();
    let path = created(&creator, PART_BYTES + 99).await;
    let replies = join_all(files.iter().map(|file| append(&creator, &path, 0, file, &[]))).await;
    let (won, lost): (Vec<_>, Vec<_>) =
        replies.iter().zip(&files).partition(|(reply, _)| reply.status == 204);
    let [(_, file)] = won[..] else { panic!("{} have won", won.len()) };
    for (reply, _) in lost {
        let refused = (reply.status, reply.code());
        assert!([(423, "upload_locked"), (409, "offset_mismatch")].contains(&refused), "{refused:?}");
    }
    let upload = upload(&creator, &path).await;
    assert!(stand.content(&announced(&stand, &upload).await).await == *file);
}

#[tokio::test]
async fn a_writer_that_died_is_waited_for_until_its_time_is_over() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let path = created(&creator, 64).await;
    stand.bed.execute("INSERT INTO writers SELECT id, id, now() + interval '1 minute' FROM uploads").await;
    let locked = append(&creator, &path, 0, &mp4(64, 3), &[]).await;
    assert_eq!((locked.status, locked.code()), (423, "upload_locked"));
    stand.bed.execute("UPDATE writers SET held_until = now() - interval '1 second'").await;
    assert_eq!(append(&creator, &path, 0, &mp4(64, 3), &[]).await.status, 204);
    let left: i64 = stand.bed.ask("SELECT count(*) FROM writers").await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_chunk_that_does_not_come_to_its_checksum_is_not_taken() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let path = created(&creator, 5 + 59).await;
    let sha1 = |digest: &'static str| [("upload-checksum", digest)];
    // Of `hello`.
    let right = sha1("sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=");
    let wrong = append(&creator, &path, 0, b"hellO", &right).await;
    assert_eq!((wrong.status, wrong.code()), (460, "chunk_checksum_mismatch"));
    assert_eq!(offset(&head(&creator, &path).await), 0);
    assert_eq!(offset(&append(&creator, &path, 0, b"hello", &right).await), 5);
    let unknown = append(&creator, &path, 5, b"hello", &sha1("crc32 NhCmhg==")).await;
    assert_eq!((unknown.status, unknown.code()), (400, "invalid_tus_header"));
    let long = vec![0; PART_BYTES + 1];
    let path = created(&creator, 2 * PART_BYTES).await;
    let refused = append(&creator, &path, 0, &long, &right).await;
    assert_eq!((refused.status, refused.code()), (413, "checked_chunk_too_long"));
    assert_eq!(offset(&head(&creator, &path).await), 0);
}

#[tokio::test]
async fn what_was_terminated_has_expired_or_is_not_as_declared_is_gone_and_nothing_of_it_stays() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let size = PART_BYTES + 10;
    let terminated = created(&creator, size).await;
    assert_eq!(append(&creator, &terminated, 0, &mp4(size - 1, 4), &[]).await.status, 204);
    let stored = upload(&creator, &terminated).await;
    assert!(!stand.stored(&stored).await.is_empty());
    assert_eq!(creator.tus(("DELETE", &terminated), &[], Empty::<Bytes>::new()).await.status, 204);
    assert_eq!(stand.stored(&stored).await, [""; 0]);
    let html = created(&creator, 64).await;
    let refused = append(&creator, &html, 0, &[b'<'; 64], &[]).await;
    assert_eq!((refused.status, refused.code()), (422, "content_type_mismatch"));
    let expired = created(&creator, size).await;
    assert_eq!(append(&creator, &expired, 0, &mp4(size - 1, 4), &[]).await.status, 204);
    stand.run_out().await;
    for path in [&terminated, &html, &expired] {
        for reply in [head(&creator, path).await, append(&creator, path, size - 1, b"x", &[]).await] {
            assert_eq!(reply.status, 410, "{path}");
        }
    }
    let swept = upload(&creator, &expired).await;
    assert_eq!((stand.deliver_sweep(&swept).await, swept["state"].as_str()), (204, Some("expired")));
    assert_eq!(stand.stored(&swept).await, [""; 0]);
    let stranger = stand.creator("eu");
    assert_eq!(head(&stranger, &html).await.status, 404);
}

#[tokio::test]
async fn what_was_all_sent_and_never_completed_is_completed_by_who_asks() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let path = created(&creator, 64).await;
    // By a URL, as to any upload.
    let parts = format!("{}/parts", path.replace("/tus/", "/uploads/"));
    let signed = creator.request("POST", &parts, Some(json!({"part_numbers": [1]}))).await.json;
    assert_eq!(stand.send(&signed["parts"][0], mp4(64, 5)).await, 200);
    assert_eq!(upload(&creator, &path).await["state"], "uploading");
    assert_eq!(offset(&head(&creator, &path).await), 64);
    let upload = upload(&creator, &path).await;
    assert_eq!(upload["state"], "initiated");
    assert!(stand.content(&announced(&stand, &upload).await).await == mp4(64, 5));
}

#[tokio::test]
async fn protection_is_asked_for_and_reaches_the_pipeline() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let headers = [("upload-length", "64"), ("upload-metadata", PROTECTED)];
    let reply = creator.tus(("POST", "/v1/tus"), &headers, Empty::<Bytes>::new()).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    let path = reply.headers["location"].to_str().unwrap();
    assert_eq!(head(&creator, path).await.headers["upload-metadata"], PROTECTED);
    assert_eq!(append(&creator, path, 0, &mp4(64, 7), &[]).await.status, 204);
    let upload = upload(&creator, path).await;
    assert_eq!(upload["protection"], "cenc");
    let emitted = stand.bed.emitted(upload["id"].as_str().unwrap()).await;
    assert_eq!(emitted[0].data["protection"], "cenc");
}

#[tokio::test]
async fn a_post_may_name_the_method_that_it_stands_for_and_no_other_request_may() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let path = created(&creator, 64).await;
    let send = async |method: &str, named: &str, bytes: &[u8]| {
        let headers = [CHUNK, ("upload-offset", "0"), ("x-http-method-override", named)];
        creator.tus((method, &path), &headers, Full::from(bytes.to_vec())).await
    };
    let told = send("POST", "HEAD", b"").await;
    assert_eq!((told.status, offset(&told), told.text.as_str()), (200, 0, ""));
    for (method, named) in [("POST", "PUT"), ("POST", ""), ("POST", "post"), ("PUT", "PATCH")] {
        let refused = send(method, named, &mp4(64, 8)[..40]).await;
        assert_eq!((refused.status, refused.code()), (405, "method_not_allowed"), "{method} {named}");
        assert_eq!(refused.headers["tus-resumable"], "1.0.0");
    }
    // What is no POST says itself what it is.
    assert_eq!(offset(&send("GET", "DELETE", b"").await), 0);
    let sent = send("POST", "PATCH", &mp4(64, 8)[..40]).await;
    assert_eq!((sent.status, offset(&sent)), (204, 40), "{}", sent.json);
    assert_eq!(send("POST", "DELETE", b"").await.status, 204);
    assert_eq!(head(&creator, &path).await.status, 410);
    let plain = creator.tus(("POST", &path), &[], Empty::<Bytes>::new()).await;
    assert_eq!((plain.status, plain.code()), (405, "method_not_allowed"));
    let allowed = plain.headers["allow"].to_str().unwrap();
    assert!(allowed.contains("PATCH") && !allowed.contains("POST"), "{allowed}");
}

#[tokio::test]
async fn while_the_store_is_down_a_chunk_is_refused_and_can_be_sent_again() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let path = created(&creator, 64).await;
    stand.set_store_down(true);
    assert_eq!(append(&creator, &path, 0, &mp4(64, 6), &[]).await.status, 503);
    stand.set_store_down(false);
    let sent = append(&creator, &path, 0, &mp4(64, 6), &[]).await;
    assert_eq!((sent.status, offset(&sent)), (204, 64), "{}", sent.json);
}

#[tokio::test]
async fn what_tus_does_not_allow_is_refused() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let options = creator.tus(("OPTIONS", "/v1/tus"), &[], Empty::<Bytes>::new()).await;
    assert_eq!((options.status, &options.headers["tus-version"]), (204, &"1.0.0".parse().unwrap()));
    let empty = Empty::<Bytes>::new;
    let name = ("upload-metadata", METADATA);
    for (headers, status, code) in [
        (vec![name], 400, "invalid_tus_header"),
        (vec![name, ("upload-length", "-1")], 400, "invalid_tus_header"),
        (vec![name, ("upload-length", "+5")], 400, "invalid_tus_header"),
        (vec![name, ("upload-length", "18446744073709551616")], 400, "invalid_tus_header"),
        (vec![name, ("upload-length", "52428800001")], 413, "file_too_large"),
        (vec![name, ("upload-length", "0")], 422, "validation_failed"),
        (vec![("upload-length", "5")], 422, "validation_failed"),
        (vec![("upload-length", "5"), ("upload-metadata", "filename !")], 400, "invalid_tus_header"),
        (
            vec![("upload-length", "5"), ("upload-metadata", "filename YS5tcDQ=,filetype dGV4dC9odG1s")],
            422,
            "validation_failed",
        ),
        // `rot13`, and nothing.
        (vec![("upload-length", "5"), ("upload-metadata", PROTECTED_BY_ROT13)], 422, "validation_failed"),
        (vec![("upload-length", "5"), ("upload-metadata", PROTECTED_BY_NOTHING)], 422, "validation_failed"),
    ] {
        let reply = creator.tus(("POST", "/v1/tus"), &headers, empty()).await;
        assert_eq!((reply.status, reply.code()), (status, code), "{headers:?}");
        assert_eq!(reply.headers["tus-resumable"], "1.0.0");
    }
    let path = created(&creator, 64).await;
    let other = creator
        .tus(("PATCH", &path), &[("content-type", "video/mp4"), ("upload-offset", "0")], empty())
        .await;
    assert_eq!((other.status, other.code()), (415, "not_a_tus_chunk"));
    let nowhere = creator.tus(("PATCH", &path), &[CHUNK], empty()).await;
    assert_eq!((nowhere.status, nowhere.code()), (400, "invalid_tus_header"));
    let beyond = append(&creator, &path, 1, b"x", &[]).await;
    assert_eq!((beyond.status, beyond.code()), (409, "offset_mismatch"));
    let long = append(&creator, &path, 0, &[0; 65], &[]).await;
    assert_eq!((long.status, long.code()), (413, "chunk_too_long"));
    let announced = append(&creator, &path, 0, &[0; 3], &[("content-length", "65")]).await;
    assert_eq!((announced.status, announced.code()), (413, "chunk_too_long"));
    assert_eq!(offset(&head(&creator, &path).await), 0);
    // Of a file that goes in one piece there is nothing here.
    let wanted = json!({"file_name": "a.mp4", "size_bytes": 64, "content_type": "video/mp4"});
    let put = creator.request("POST", "/v1/uploads", Some(wanted)).await.json;
    assert_eq!(head(&creator, &format!("/v1/tus/{}", put["id"].as_str().unwrap())).await.status, 404);
}
