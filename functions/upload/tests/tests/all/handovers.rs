//! Videos that were given to other accounts: whose bytes they are then, and who replaces them.

use crate::replacing::{FILE_BYTES, completed, create, created, mp4, path, ready, state, told, used_bytes};
use futures::future::{Either, join, select};
use mcsp_ids::UserId;
use mcsp_testbed::{Reply, unique};
use serde_json::{Value, json};
use std::pin::pin;
use upload_tests::{Creator, Stand};

/// For any lock.
const ANY: &str = "true";

/// Gives the video of an upload away while a request waits for what this statement holds, and gives the request's answer.
async fn given_away_meanwhile(
    stand: &Stand,
    (upload, to): (&Value, &Creator<'_>),
    statement: &str,
    request: impl Future<Output = Reply>,
) -> Reply {
    let held = stand.bed.hold(statement).await;
    let giving = pin!(async {
        stand.bed.until_waiting(1, ANY).await;
        assert_eq!(stand.deliver_transfer(&unique(), upload, (&to.user_id, 5)).await, 204);
    });
    let both_wait = pin!(stand.bed.until_waiting(2, ANY));
    // Who gives it away is done while the request waits, or has to wait for it.
    let releasing = async {
        match select(giving, both_wait).await {
            Either::Left(_) => held.release().await,
            Either::Right(((), giving)) => {
                held.release().await;
                giving.await;
            }
        }
    };
    join(request, releasing).await.0
}

async fn status(creator: &Creator<'_>, upload: &Value) -> u16 {
    creator.request("GET", &path(upload), None).await.status
}

#[tokio::test]
async fn the_bytes_of_a_video_go_with_it() {
    let stand = Stand::with(&[("upload_quota_bytes", "100")]).await;
    let [old, new, third] = [stand.creator("eu"), stand.creator("us"), stand.creator("eu")];
    let upload = ready(&stand, &old, json!({})).await;
    // More than the new owner's quota has room for: nobody asks.
    let own = ready(&stand, &new, json!({})).await;
    let event = unique();
    for _ in 0..2 {
        assert_eq!(stand.deliver_transfer(&event, &upload, (&new.user_id, 5)).await, 204);
        assert_eq!((used_bytes(&old).await, used_bytes(&new).await), (json!(0), json!(2 * FILE_BYTES)));
    }
    assert_eq!((status(&old, &upload).await, status(&new, &upload).await), (404, 200));
    let more = create(&new, json!({})).await;
    assert_eq!((more.status, more.code()), (403, "quota_exceeded"));
    // What else becomes of it changes nothing, and neither does what is older.
    assert_eq!(stand.deliver_transfer(&unique(), &upload, (&third.user_id, 9)).await, 204);
    for version in [5, 8, 9] {
        assert_eq!(stand.deliver_transfer(&unique(), &upload, (&new.user_id, version)).await, 204);
    }
    assert_eq!(stand.deliver_change(&unique(), &upload).await, 204);
    assert_eq!((used_bytes(&new).await, used_bytes(&third).await), (json!(FILE_BYTES), json!(FILE_BYTES)));
    // Who had it is erased, and the file stays; it goes with its video.
    assert_eq!(stand.deliver_erasure(&unique(), &old.user_id).await, 204);
    assert!(stand.store_has(&upload, None).await && stand.store_has(&own, None).await);
    assert_eq!(stand.deliver_erasure(&unique(), &third.user_id).await, 204);
    assert!(!stand.store_has(&upload, None).await && stand.store_has(&own, None).await);
}

#[tokio::test]
async fn only_who_has_a_video_replaces_its_file() {
    let stand = Stand::new().await;
    let [old, new] = [stand.creator("eu"), stand.creator("eu")];
    let upload = ready(&stand, &old, json!({})).await;
    let replacing = json!({"video_id": upload["video_id"]});
    let begun = created(&old, replacing.clone()).await;
    assert_eq!(stand.send(&begun["put"], mp4()).await, 200);
    let token = old.request("POST", &format!("{}/token", path(&begun)), Some(json!({}))).await;
    assert_eq!(token.status, 200, "{}", token.json);
    assert_eq!(create(&new, replacing.clone()).await.status, 404);
    stand.set_store_down(true);
    let (event, to) = (unique(), (new.user_id.as_str(), 5));
    assert_eq!(
        stand.deliver_transfer(&event, &upload, to).await,
        503,
        "what is left is done by the next one"
    );
    stand.set_store_down(false);
    assert_eq!(stand.deliver_transfer(&event, &upload, to).await, 204);
    // What the one before has begun is taken back, and nobody goes on with it.
    assert_eq!(state(&old, &begun).await, "cancelled");
    assert!(!stand.store_has(&begun, None).await && stand.store_has(&upload, None).await);
    let holder = stand.holder(token.json["token"].as_str().unwrap());
    for sender in [&old, &holder] {
        let complete = sender.request("POST", &format!("{}/complete", path(&begun)), None).await;
        assert_eq!((complete.status, complete.code()), (409, "upload_cancelled"), "{}", complete.json);
    }
    assert_eq!(create(&old, replacing.clone()).await.status, 404);
    let second = ready(&stand, &new, replacing).await;
    assert_eq!((state(&new, &upload).await, state(&new, &second).await), (json!("purged"), json!("ready")));
    assert_eq!((used_bytes(&old).await, used_bytes(&new).await), (json!(0), json!(FILE_BYTES)));
}

#[tokio::test]
async fn a_file_goes_where_the_one_is_that_it_replaces() {
    let stand = Stand::new().await;
    // Of another region, and of one that has no bucket.
    let [first, second, third] = [stand.creator("eu"), stand.creator("us"), stand.creator("mars")];
    let mut upload = ready(&stand, &first, json!({})).await;
    for (owner, version) in [(&second, 5), (&third, 6)] {
        assert_eq!(stand.deliver_transfer(&unique(), &upload, (&owner.user_id, version)).await, 204);
        upload = ready(&stand, owner, json!({"video_id": upload["video_id"]})).await;
        let announced = stand.bed.emitted(upload["id"].as_str().unwrap()).await.pop().unwrap().data;
        assert_eq!(
            (&announced["region"], &announced["object"]["bucket"]),
            (&json!("eu"), &json!("mcsp-uploads"))
        );
    }
    let own = created(&second, json!({})).await;
    assert!(own["put"]["url"].as_str().unwrap().contains("/mcsp-packaged/"), "{own}");
    assert_eq!(create(&third, json!({})).await.code(), "no_bucket_for_region");
}

#[tokio::test]
async fn what_is_in_the_pipeline_goes_on_for_whom_the_video_is() {
    let stand = Stand::new().await;
    let [old, new] = [stand.creator("eu"), stand.creator("eu")];
    let upload = ready(&stand, &old, json!({})).await;
    let second = created(&old, json!({"video_id": upload["video_id"]})).await;
    completed(&stand, &old, &second).await;
    assert_eq!(told(&stand, "progressed", &second).await, 204);
    assert_eq!(stand.deliver_transfer(&unique(), &upload, (&new.user_id, 5)).await, 204);
    assert_eq!((used_bytes(&old).await, used_bytes(&new).await), (json!(0), json!(2 * FILE_BYTES)));
    assert_eq!(told(&stand, "completed", &second).await, 204);
    assert_eq!((state(&new, &upload).await, state(&new, &second).await), (json!("purged"), json!("ready")));
    assert_eq!(used_bytes(&new).await, FILE_BYTES);
}

#[tokio::test]
async fn a_draft_of_the_one_before_keeps_nobody_from_another() {
    let stand = Stand::new().await;
    let [old, new] = [stand.creator("eu"), stand.creator("eu")];
    let upload = ready(&stand, &old, json!({})).await;
    let body = || Some(json!({"title": "A walk", "upload_id": upload["id"]}));
    let draft = old.request_drafts(("POST", "/v1/drafts"), &[], body()).await;
    assert_eq!(draft.status, 201, "{}", draft.json);
    assert_eq!(stand.deliver_transfer(&unique(), &upload, (&new.user_id, 5)).await, 204);
    let kept = format!("/v1/drafts/{}", draft.json["id"].as_str().unwrap());
    let kept = old.request_drafts(("GET", &kept), &[], None).await.json;
    assert_eq!((&kept["title"], &kept["upload_id"]), (&json!("A walk"), &Value::Null));
    assert_eq!(new.request_drafts(("POST", "/v1/drafts"), &[], body()).await.status, 201);
}

#[tokio::test]
async fn a_draft_that_takes_an_upload_while_it_is_given_away_keeps_nobody_from_another() {
    let stand = Stand::new().await;
    let [old, new] = [stand.creator("eu"), stand.creator("eu")];
    let upload = ready(&stand, &old, json!({})).await;
    let body = || Some(json!({"title": "A walk", "upload_id": upload["id"]}));
    let draft = old.request_drafts(("POST", "/v1/drafts"), &[], Some(json!({}))).await;
    let kept = format!("/v1/drafts/{}", draft.json["id"].as_str().unwrap());
    let saving = old.request_drafts(("PUT", &kept), &[], body());
    let held = "SELECT id FROM drafts FOR UPDATE";
    let saved = given_away_meanwhile(&stand, (&upload, &new), held, saving).await;
    assert_eq!(saved.status, 200, "{}", saved.json);
    let kept = old.request_drafts(("GET", &kept), &[], None).await.json;
    assert_eq!((&kept["title"], &kept["upload_id"]), (&json!("A walk"), &Value::Null));
    assert_eq!(new.request_drafts(("POST", "/v1/drafts"), &[], body()).await.status, 201);
}

#[tokio::test]
async fn a_draft_takes_no_upload_that_was_given_away_before_it_is_written() {
    let stand = Stand::new().await;
    let [old, new] = [stand.creator("eu"), stand.creator("eu")];
    let upload = ready(&stand, &old, json!({})).await;
    let body = || Some(json!({"title": "A walk", "upload_id": upload["id"]}));
    let user: UserId = old.user_id.parse().unwrap();
    let one_at_a_time =
        format!("SELECT pg_advisory_xact_lock(hashtextextended('drafts of {}', 0))", user.uuid());
    let beginning = old.request_drafts(("POST", "/v1/drafts"), &[], body());
    let begun = given_away_meanwhile(&stand, (&upload, &new), &one_at_a_time, beginning).await;
    assert_eq!((begun.status, &begun.json["errors"][0]["code"]), (422, &json!("unknown_upload")));
    assert_eq!(new.request_drafts(("POST", "/v1/drafts"), &[], body()).await.status, 201);
}
