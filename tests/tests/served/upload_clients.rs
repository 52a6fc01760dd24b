//! Uploading with curl and with tuspy, while boto3 looks into the object store: `tests/clients/uploader.py` and `tus.py`.

use mcsp_tests::{OwnPlatform, Platform, run_client, sample_mp4};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The most memory that an instance may have through which a file of 256 MiB has passed in one request.
const TUS_PEAK_MAX_BYTES: u64 = 32 << 20;

/// Lets a script upload a film, and gives what it told.
async fn uploaded_by(script: &str) -> String {
    let creator = Platform::running().account("creator").await;
    let film = std::env::temp_dir().join(format!("mcsp-film-{}.mp4", uuid::Uuid::new_v4().simple()));
    std::fs::write(&film, sample_mp4().await).expect("a file");
    let given = json!({
        "url": creator.platform.url(), "token": creator.token, "film": film, "bucket": "mcsp-uploads",
        "store": std::env::var("MCSP_TEST_S3_URL").expect("MCSP_TEST_S3_URL is not set: run scripts/test"),
    });
    let told = run_client(script, &given).await;
    std::fs::remove_file(&film).ok();
    told
}

#[tokio::test]
async fn curl_uploads_and_boto3_finds_what_was_announced_and_nothing_else() {
    let told = uploaded_by("uploader.py").await;
    let so = [
        "in one piece: what was announced stays",
        "in parts: resumed, joined and closed",
        "not as declared: nothing stays",
        "cancelled: nothing stays",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), so);
}

#[tokio::test]
async fn tuspy_goes_on_after_a_kill_and_no_memory_grows_with_the_file() {
    let told = uploaded_by("tus.py").await;
    let so = [
        "in chunks with checksums: the file is what it was",
        "a wrong checksum: nothing of the chunk is there",
        "terminated: nothing stays",
        "killed half-way: another process went on, and the file is what it was",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), so);
    let state =
        std::env::var("MCSP_TEST_STATE_DIR").expect("MCSP_TEST_STATE_DIR is not set: run scripts/test");
    let functions = OwnPlatform::admin_at(&PathBuf::from(state).join("admin.sock"), "/functions").await;
    let functions: Vec<Value> = serde_json::from_str(&functions).expect("JSON");
    let tus = functions.iter().find(|function| function["component"] == "upload-tus").expect("upload-tus");
    let peak_bytes = tus["memory_peak_bytes"].as_u64().expect("a number");
    assert!(peak_bytes < TUS_PEAK_MAX_BYTES, "{peak_bytes}");
}
