//! Uploading with curl, while boto3 looks into the object store: `tests/clients/uploader.py`.

use mcsp_tests::{Platform, run_client, sample_mp4};
use serde_json::json;

#[tokio::test]
async fn curl_uploads_and_boto3_finds_what_was_announced_and_nothing_else() {
    let creator = Platform::running().account("creator").await;
    let film = std::env::temp_dir().join(format!("mcsp-film-{}.mp4", uuid::Uuid::new_v4().simple()));
    std::fs::write(&film, sample_mp4().await).expect("a file");
    let given = json!({
        "url": creator.platform.url(), "token": creator.token, "film": film, "bucket": "mcsp-uploads",
        "store": std::env::var("MCSP_TEST_S3_URL").expect("MCSP_TEST_S3_URL is not set: run scripts/test"),
    });
    let told = run_client("uploader.py", &given).await;
    std::fs::remove_file(&film).ok();
    let so = [
        "in one piece: what was announced stays",
        "in parts: resumed, joined and closed",
        "not as declared: nothing stays",
        "cancelled: nothing stays",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), so);
}
