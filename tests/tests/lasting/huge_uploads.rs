//! A large file, sent in parts by nothing but their URLs: no function has more memory for it than for a small one.
//!
//! It has 320 MiB, or as many parts of 5 MiB as `MCSP_TEST_PARTS` says: 1024 make 5 GiB, which take minutes and 15 GiB of disk.

use futures::StreamExt;
use futures::stream;
use mcsp_tests::{Account, OwnPlatform, eventually, put_as_signed};
use serde_json::{Value, json};
use std::ops::RangeInclusive;

/// The least that a part may have, which these have: the more parts, the more a function has to look at.
const PART_BYTES: usize = 5 << 20;
const PARTS: u32 = 64;
/// So many are signed in one request.
const SIGNED_AT_ONCE: usize = 100;
/// So many are sent at once.
const SENT_AT_ONCE: usize = 4;
/// How an MP4 file begins. The rest is nothing.
const HEAD: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
/// Of one that has to do with the file. One that has done nothing has less than half of it.
const PEAK_MAX_BYTES: u64 = 32 << 20;

async fn sent(creator: &Account, path: &str, numbers: RangeInclusive<u32>) {
    let numbers: Vec<u32> = numbers.collect();
    for numbers in numbers.chunks(SIGNED_AT_ONCE) {
        let asked = json!({"part_numbers": numbers});
        let signed = creator.post(&format!("{path}/parts"), &asked).await.expect(200);
        let parts = signed["parts"].as_array().expect("parts").clone();
        assert_eq!(parts.len(), numbers.len());
        stream::iter(parts).for_each_concurrent(SENT_AT_ONCE, |part| put(creator, part)).await;
    }
}

async fn put(creator: &Account, part: Value) {
    let mut body = vec![0; PART_BYTES];
    if part["part_number"] == 1 {
        body[..HEAD.len()].copy_from_slice(HEAD);
    }
    let stored = put_as_signed(creator, &part, body).await;
    assert_eq!(stored, 200, "part {}", part["part_number"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_function_has_more_memory_for_a_large_file() {
    let parts =
        std::env::var("MCSP_TEST_PARTS").map_or(PARTS, |parts| parts.parse().expect("a number of parts"));
    let own = OwnPlatform::start().await;
    let creator = own.client().account("creator").await;
    let file = json!({
        "file_name": "huge.mp4", "size_bytes": u64::from(parts) * PART_BYTES as u64, "content_type": "video/mp4", "method": "multipart",
    });
    let upload = creator.post("/v1/uploads", &file).await.expect(201);
    assert_eq!(upload["part_size_bytes"], json!(PART_BYTES));
    let path = format!("/v1/uploads/{}", upload["id"].as_str().expect("an id"));
    sent(&creator, &path, 1..=parts / 2).await;
    // Whoever resumes asks what is there, and sends what is not.
    let (mut there, mut cursor) = (0, String::new());
    loop {
        let page = creator.get(&format!("{path}/parts?limit=100{cursor}")).await.expect(200);
        there += page["items"].as_array().expect("items").len();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(there as u32, parts / 2);
    sent(&creator, &path, parts / 2 + 1..=parts).await;
    eventually("the parts are one file", async || {
        let answer = creator.post(&format!("{path}/complete"), &json!({})).await;
        (answer.status.as_u16() == 200).then_some(())
    })
    .await;
    let functions: Vec<Value> = serde_json::from_str(&own.admin("/functions").await).expect("JSON");
    let peaks = functions.iter().filter_map(|function| {
        let component =
            function["component"].as_str().filter(|component| component.starts_with("upload-"))?;
        Some((component, function["memory_peak_bytes"].as_u64().expect("a number")))
    });
    let peaks: Vec<(&str, u64)> = peaks.collect();
    assert!(
        peaks.iter().any(|(component, bytes)| *component == "upload-sessions" && *bytes > 0),
        "{peaks:?}"
    );
    assert!(peaks.iter().all(|(_, bytes)| *bytes < PEAK_MAX_BYTES), "{peaks:?}");
    own.stop().await;
}
