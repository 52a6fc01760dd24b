//! The pipeline's news: doubled, late, out of order and poisoned.

use serde_json::{Value, json};
use upload_tests::{Creator, Stand};

async fn initiated(stand: &Stand, creator: &Creator<'_>) -> Value {
    let file = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    let wanted = json!({"file_name": "a.mp4", "size_bytes": file.len(), "content_type": "video/mp4"});
    let upload = creator.request("POST", "/v1/uploads", Some(wanted)).await.json;
    assert_eq!(stand.send(&upload["put"], file).await, 200);
    let path = format!("/v1/uploads/{}/complete", upload["id"].as_str().unwrap());
    let completed = creator.request("POST", &path, None).await;
    assert_eq!(completed.status, 200, "{}", completed.json);
    upload
}

async fn seen(creator: &Creator<'_>, upload: &Value) -> Value {
    creator.request("GET", &format!("/v1/uploads/{}", upload["id"].as_str().unwrap()), None).await.json
}

fn news(upload: &Value, progress_percent: u8) -> Value {
    json!({"upload_id": upload["id"], "progress_percent": progress_percent, "reason_code": null})
}

#[tokio::test]
async fn progress_grows_and_the_outcome_is_final() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = initiated(&stand, &creator).await;
    for (event, percent, shown) in [("e1", 40, 40), ("e1", 40, 40), ("e2", 20, 40), ("e3", 80, 80)] {
        assert_eq!(stand.deliver(event, "progressed", &news(&upload, percent)).await, 204);
        let now = seen(&creator, &upload).await;
        assert_eq!((&now["state"], &now["progress_percent"]), (&json!("processing"), &json!(shown)));
    }
    assert_eq!(stand.deliver("e4", "completed", &news(&upload, 100)).await, 204);
    for (event, happened) in [("e5", "progressed"), ("e6", "failed"), ("e4", "completed")] {
        assert_eq!(stand.deliver(event, happened, &news(&upload, 90)).await, 204);
        assert_eq!(seen(&creator, &upload).await["state"], "ready");
    }
}

#[tokio::test]
async fn a_failure_shows_its_code() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = initiated(&stand, &creator).await;
    let failed = json!({"upload_id": upload["id"], "reason_code": "unreadable_input"});
    assert_eq!(stand.deliver("e1", "failed", &failed).await, 204);
    let now = seen(&creator, &upload).await;
    assert_eq!((&now["state"], &now["failure_code"]), (&json!("failed"), &json!("unreadable_input")));
}

#[tokio::test]
async fn poison_is_told_from_what_comes_too_early_and_what_is_of_no_concern() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    // Its account was erased.
    let unknown = json!({"upload_id": "upload_00000000000000000000000000"});
    assert_eq!(stand.deliver("e1", "completed", &unknown).await, 204);
    assert_eq!(stand.deliver("e2", "completed", &json!({"upload_id": 7})).await, 422);
    assert_eq!(stand.deliver("e3", "renamed", &json!({})).await, 204);
    let wanted = json!({"file_name": "a.mp4", "size_bytes": 9, "content_type": "video/mp4"});
    let waiting = creator.request("POST", "/v1/uploads", Some(wanted)).await.json;
    assert_eq!(stand.deliver("e4", "completed", &news(&waiting, 100)).await, 409);
}
