//! `/v1/videos/bulk`.

use mcsp_tests::{Account, Platform, titled_video};
use serde_json::{Value, json};

async fn change(owner: &Account, action: &Value, videos: &[&String]) -> Vec<Value> {
    let body = json!({"action": action, "video_ids": videos});
    let answer = owner.post("/v1/videos/bulk", &body).await.expect(200);
    answer["items"].as_array().expect("items").clone()
}

#[tokio::test]
async fn many_videos_are_published_and_deleted_at_once_and_others_videos_are_not() {
    let platform = Platform::running();
    let (owner, stranger) = (platform.account("creator").await, platform.account("creator").await);
    let [(first, _), (second, _), (strangers, _)] =
        [titled_video(&owner).await, titled_video(&owner).await, titled_video(&stranger).await];
    let items = change(&owner, &json!({"kind": "publish"}), &[&second, &strangers, &first]).await;
    let became: Vec<_> =
        items.iter().map(|item| (&item["video_id"], &item["status"], &item["code"])).collect();
    let (done, refused, none) = (json!("done"), json!("refused"), json!(null));
    assert_eq!(
        became,
        [
            (&json!(second), &done, &none),
            (&json!(strangers), &refused, &json!("not_found")),
            (&json!(first), &done, &none)
        ]
    );
    for video in [&first, &second] {
        let shown = platform.get(&format!("/v1/videos/{video}")).await.expect(200);
        assert_eq!(shown["state"], "published");
    }
    let deleted = change(&owner, &json!({"kind": "delete"}), &[&first, &second]).await;
    assert!(deleted.iter().all(|item| item["status"] == done), "{deleted:?}");
    platform.get(&format!("/v1/videos/{first}")).await.refused(404, "not_found");
    let twice = json!({"action": {"kind": "restore"}, "video_ids": [first, first]});
    owner.post("/v1/videos/bulk", &twice).await.refused(422, "validation_failed");
}
