//! `/v1/uploads/quota`, through the runner: exact where a hundred want to upload at once, and as large as the plan has it.

use futures::future::join_all;
use mcsp_tests::{Account, Platform, entitle, eventually};
use serde_json::{Value, json};

const CREATIONS: usize = 100;
/// `upload_open_limit` in `spin.toml`.
const OPEN_LIMIT: usize = 50;

/// A machine that has too much to do says so, and is asked again in the same words.
async fn create(creator: &Account, size_bytes: u64) -> mcsp_tests::Answer {
    let wanted = json!({"file_name": "a.mp4", "size_bytes": size_bytes, "content_type": "video/mp4"});
    let key = uuid::Uuid::new_v4().to_string();
    eventually("there is an answer", async || {
        let answer = creator.post_with_key("/v1/uploads", &wanted, &key).await;
        (![409, 503, 504].contains(&answer.status.as_u16())).then_some(answer)
    })
    .await
}

async fn quota(creator: &Account) -> Value {
    creator.get("/v1/uploads/quota").await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_uploads_at_once_as_many_are_open_as_may_be() {
    let creator = Platform::running().account("creator").await;
    let answers = join_all((0..CREATIONS).map(|_| create(&creator, 64))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), OPEN_LIMIT);
    for answer in refused {
        answer.refused(403, "too_many_open_uploads");
        assert_eq!(answer.json["open_uploads"], json!(OPEN_LIMIT));
        assert_eq!(answer.json["open_uploads_limit"], json!(OPEN_LIMIT));
    }
    let used = quota(&creator).await;
    assert_eq!((&used["used_bytes"], &used["open_uploads"]), (&json!(64 * OPEN_LIMIT), &json!(OPEN_LIMIT)));

    let cancelled = made[0].json["id"].as_str().expect("an id");
    creator.delete(&format!("/v1/uploads/{cancelled}")).await.expect(204);
    create(&creator, 64).await.expect(201);
    create(&creator, 64).await.refused(403, "too_many_open_uploads");
}

#[tokio::test]
async fn a_plan_that_has_more_makes_room() {
    let creator = Platform::running().account("creator").await;
    let limit_bytes = quota(&creator).await["limit_bytes"].as_u64().expect("a number");
    create(&creator, limit_bytes + 1).await.refused(403, "quota_exceeded");
    let more = json!({"level": 1, "streams": 1, "upload_bytes": limit_bytes * 2, "open_uploads": 60});
    entitle(&creator, 1, &more).await;
    eventually("the plan is known", async || {
        (quota(&creator).await["limit_bytes"] == json!(limit_bytes * 2)).then_some(())
    })
    .await;
    create(&creator, limit_bytes + 1).await.expect(201);
    create(&creator, limit_bytes).await.refused(403, "quota_exceeded");
    assert_eq!(quota(&creator).await["used_bytes"], json!(limit_bytes + 1));
}

#[tokio::test]
async fn a_viewer_has_none() {
    let viewer = Platform::running().account("viewer").await;
    viewer.get("/v1/uploads/quota").await.refused(403, "insufficient_permission");
}
