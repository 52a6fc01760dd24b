//! `upload-pipeline`: what the pipeline makes of an upload is seen there.

use mcsp_tests::{Platform, eventually};
use serde_json::json;

/// Begins as an MP4 file does, and holds no picture.
const HOLLOW_MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";

#[tokio::test]
async fn a_file_that_the_pipeline_cannot_read_fails_with_its_reason() {
    let creator = Platform::running().account("creator").await;
    let size = HOLLOW_MP4.len();
    let request = json!({"file_name": "hollow.mp4", "size_bytes": size, "content_type": "video/mp4"});
    let upload = creator.post("/v1/uploads", &request).await.expect(201);
    let put = creator.platform.client().put(upload["put"]["url"].as_str().expect("a URL"));
    let sent = put.header("content-type", "video/mp4").body(HOLLOW_MP4).send().await.expect("an answer");
    assert_eq!(sent.status(), 200);
    let path = format!("/v1/uploads/{}", upload["id"].as_str().expect("an id"));
    let completed = creator.post(&format!("{path}/complete"), &json!({})).await.expect(200);
    let failed = eventually("the pipeline gives up", async || {
        let seen = creator.get(&path).await.expect(200);
        (seen["state"] == "failed").then_some(seen)
    })
    .await;
    assert!(failed["failure_code"].as_str().is_some_and(|code| !code.is_empty()), "{failed}");
    let again = creator.post(&format!("{path}/complete"), &json!({})).await.expect(200);
    assert_eq!(again, completed);
}
