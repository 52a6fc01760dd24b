//! Videos that are kept back, by decisions and with their owners' accounts.

use content_tests::Stand;
use content_tests::samples::{
    ACCOUNT, COMPLETED, INITIATED, account, completed, decided, initiated, new_user_id, new_video_id,
};
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{BRIDGE_TOKEN, Reply, unique};
use serde_json::{Value, json};

async fn published(stand: &Stand, owner: UserId) -> VideoId {
    let video = stand.ready_video(owner, "A walk in the hills").await;
    let path = format!("/v1/videos/{video}/publish");
    assert_eq!(stand.send_as(owner, &stand.publication, ("POST", &path), None).await.status, 200);
    video
}

async fn decide(stand: &Stand, video: VideoId, version: i64, blocked: bool) -> u16 {
    let (kind, data) = decided(video, version, blocked);
    stand.events.deliver(&unique(), kind, &data).await.status
}

async fn tell_account(stand: &Stand, owner: UserId, version: i64, state: &str) {
    stand.events.deliver_until_taken(&unique(), ACCOUNT, &account(owner, version, state)).await;
}

async fn page(stand: &Stand, video: VideoId) -> u16 {
    stand.videos.send(("GET", &format!("/v1/videos/{video}")), &[], None).await.status
}

async fn own(stand: &Stand, owner: UserId, video: VideoId) -> Value {
    let reply = stand.send_as(owner, &stand.videos, ("GET", &format!("/v1/videos/{video}")), None).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    reply.json
}

async fn found(stand: &Stand) -> usize {
    let reply = stand.search.send(("GET", "/v1/search?q=walk"), &[], None).await;
    reply.json["items"].as_array().unwrap().len()
}

async fn in_catalog(stand: &Stand, video: VideoId) -> Value {
    let bearer = format!("Bearer {BRIDGE_TOKEN}");
    let headers = [("authorization", bearer.as_str())];
    let reply = stand.catalog.send(("GET", &format!("/v1/catalog/{video}")), &headers, None).await;
    reply.json["state"].clone()
}

async fn last_told(stand: &Stand, video: VideoId) -> (String, Value) {
    let last = stand.bed.emitted(video).await.pop().unwrap();
    assert_eq!(last.topic, "media.changed");
    (last.kind, last.data["state"].clone())
}

#[tokio::test]
async fn a_blocked_video_is_shown_to_its_owner_alone_and_is_restored_to_what_it_was() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = published(&stand, owner).await;
    let before = own(&stand, owner, video).await;
    assert_eq!((page(&stand, video).await, found(&stand).await), (200, 1));
    assert_eq!(decide(&stand, video, 1, true).await, 204);
    assert_eq!((page(&stand, video).await, found(&stand).await), (404, 0));
    assert_eq!(in_catalog(&stand, video).await, "blocked");
    let blocked = own(&stand, owner, video).await;
    assert_eq!((&blocked["state"], &blocked["published_at"]), (&json!("blocked"), &before["published_at"]));
    assert_eq!(last_told(&stand, video).await, ("mcsp.content.video.blocked.v1".into(), json!("blocked")));
    let publish = format!("/v1/videos/{video}/publish");
    let refused: Reply = stand.send_as(owner, &stand.publication, ("POST", &publish), None).await;
    assert_eq!((refused.status, refused.code()), (409, "video_blocked"));
    // What its owner says of it meanwhile is there afterwards.
    let path = format!("/v1/videos/{video}");
    let edit = Some(json!({"title": "A walk by the sea"}));
    assert_eq!(stand.send_as(owner, &stand.videos, ("PATCH", &path), edit).await.status, 200);
    assert_eq!(decide(&stand, video, 2, false).await, 204);
    assert_eq!((page(&stand, video).await, found(&stand).await), (200, 1));
    let restored = own(&stand, owner, video).await;
    assert_eq!((&restored["state"], &restored["title"]), (&json!("published"), &json!("A walk by the sea")));
    assert_eq!(restored["published_at"], before["published_at"]);
    assert_eq!(last_told(&stand, video).await, ("mcsp.content.video.restored.v1".into(), json!("published")));
}

#[tokio::test]
async fn decisions_count_by_their_versions_and_wait_for_their_video() {
    let stand = Stand::new().await;
    let (owner, video) = (new_user_id(), new_video_id());
    assert_eq!(decide(&stand, video, 1, true).await, 409, "it is not there yet");
    stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(video, owner)).await;
    for (version, blocked) in [(3, true), (1, true), (2, false), (3, true), (2, false)] {
        assert_eq!(decide(&stand, video, version, blocked).await, 204);
        assert_eq!(own(&stand, owner, video).await["state"], "blocked", "after {version}");
    }
    // What the pipeline has done meanwhile is there afterwards.
    stand.events.deliver_until_taken(&unique(), COMPLETED, &completed(video)).await;
    assert_eq!(own(&stand, owner, video).await["state"], "blocked");
    assert_eq!(decide(&stand, video, 4, false).await, 204);
    assert_eq!(own(&stand, owner, video).await["state"], "ready");
    let malformed = json!({"video_id": video, "version": "x", "blocked": true});
    let poison = stand.events.deliver(&unique(), "mcsp.admin.video.blocked.v1", &malformed).await;
    assert_eq!(poison.status, 422);
}

#[tokio::test]
async fn the_videos_of_an_account_are_kept_back_and_given_back_with_it() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let (first, second) = (published(&stand, owner).await, published(&stand, owner).await);
    assert_eq!(decide(&stand, second, 1, true).await, 204);
    tell_account(&stand, owner, 5, "suspended").await;
    assert_eq!((page(&stand, first).await, page(&stand, second).await, found(&stand).await), (404, 404, 0));
    // One that comes to be meanwhile is kept back from the start.
    let third = new_video_id();
    stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(third, owner)).await;
    assert_eq!(own(&stand, owner, third).await["state"], "blocked");
    // What is older comes too late.
    tell_account(&stand, owner, 4, "active").await;
    assert_eq!(page(&stand, first).await, 404);
    tell_account(&stand, owner, 6, "active").await;
    assert_eq!((page(&stand, first).await, page(&stand, second).await, found(&stand).await), (200, 404, 1));
    assert_eq!(own(&stand, owner, third).await["state"], "processing");
    let told = stand.bed.emitted(first).await.len();
    tell_account(&stand, owner, 6, "active").await;
    tell_account(&stand, owner, 7, "active").await;
    assert_eq!(stand.bed.emitted(first).await.len(), told, "there is nothing to tell");
    tell_account(&stand, owner, 8, "closed").await;
    assert_eq!(page(&stand, first).await, 404);
    stand
        .events
        .deliver_until_taken(&unique(), "mcsp.auth.account.erased.v1", &account(owner, 9, "erased"))
        .await;
    let erased = own(&stand, owner, first).await;
    assert_eq!((&erased["title"], &erased["state"]), (&Value::Null, &json!("unpublished")));
    assert_eq!(page(&stand, first).await, 404);
}

#[tokio::test]
async fn a_publication_that_was_due_while_a_video_was_blocked_comes_with_its_restoring() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "A walk in the hills").await;
    let publish_at = stand.bed.now() + jiff::SignedDuration::from_secs(60);
    let schedule = format!("/v1/videos/{video}/schedule");
    let wanted = Some(json!({"publish_at": publish_at}));
    assert_eq!(stand.send_as(owner, &stand.publication, ("PUT", &schedule), wanted).await.status, 200);
    assert_eq!(decide(&stand, video, 1, true).await, 204);
    stand.bed.pass(120);
    let due = json!({"video_id": video});
    let kind = "mcsp.content.video.publication_due.v1";
    assert_eq!(stand.events.deliver(&unique(), kind, &due).await.status, 204);
    stand.bed.execute("DELETE FROM timers").await;
    assert_eq!(decide(&stand, video, 2, false).await, 204);
    let timers: i64 =
        stand.bed.ask("SELECT count(*) FROM timers WHERE due_at <= now() + interval '3 minutes'").await;
    assert_eq!(timers, 1);
    assert_eq!(stand.events.deliver(&unique(), kind, &due).await.status, 204);
    assert_eq!(page(&stand, video).await, 200);
}
