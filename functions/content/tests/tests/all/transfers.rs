//! Videos that their owners give to others: offered, accepted or not, and whose they are then.

use content_tests::Stand;
use content_tests::samples::{
    ACCOUNT, INITIATED, SUBMITTED, account, decided, initiated, new_user_id, new_video_id, submitted,
};
use futures::future::join;
use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Reply, unique};
use serde_json::{Value, json};

const DAY_S: i64 = 24 * 3600;
const OFFER_DUE: &str = "mcsp.content.video.offer_due.v1";

fn path(video: VideoId) -> String {
    format!("/v1/videos/{video}")
}

async fn send(stand: &Stand, caller: UserId, method: &str, path: &str, body: Option<Value>) -> Reply {
    stand.send_as(caller, &stand.videos, (method, path), body).await
}

async fn offer(stand: &Stand, owner: UserId, video: VideoId, to: UserId) -> Reply {
    send(stand, owner, "POST", &format!("{}/transfer", path(video)), Some(json!({"to": to}))).await
}

async fn accept(stand: &Stand, caller: UserId, video: VideoId) -> Reply {
    send(stand, caller, "POST", &format!("{}/transfer/accept", path(video)), None).await
}

async fn offered(stand: &Stand, caller: UserId, video: VideoId) -> Reply {
    send(stand, caller, "GET", &format!("{}/transfer", path(video)), None).await
}

async fn withdraw(stand: &Stand, caller: UserId, video: VideoId) -> u16 {
    send(stand, caller, "DELETE", &format!("{}/transfer", path(video)), None).await.status
}

async fn get(stand: &Stand, caller: UserId, video: VideoId) -> Reply {
    send(stand, caller, "GET", &path(video), None).await
}

#[tokio::test]
async fn what_is_accepted_is_anothers_as_it_is() {
    let stand = Stand::new().await;
    let [owner, new, editor, stranger] = [new_user_id(), new_user_id(), new_user_id(), new_user_id()];
    let video = stand.ready_video(owner, "A walk in the hills").await;
    let visibility = format!("{}/visibility", path(video));
    let subscribers = Some(json!({"visibility": "subscribers", "minimum_plan_level": 2}));
    assert_eq!(stand.send_as(owner, &stand.publication, ("PUT", &visibility), subscribers).await.status, 200);
    let publish = format!("{}/publish", path(video));
    assert_eq!(stand.send_as(owner, &stand.publication, ("POST", &publish), None).await.status, 200);
    for user in [new, editor] {
        let path = format!("{}/collaborators/{user}", path(video));
        assert_eq!(send(&stand, owner, "PUT", &path, Some(json!({"role": "editor"}))).await.status, 201);
    }
    let before = get(&stand, owner, video).await;
    let made = offer(&stand, owner, video, new).await;
    assert_eq!((made.status, &made.headers["etag"]), (201, &before.headers["etag"]), "{}", made.json);
    assert_eq!((&made.json["from"], &made.json["to"]), (&json!(owner), &json!(new)));
    for (caller, status) in [(owner, 200), (new, 200), (editor, 404), (stranger, 404)] {
        assert_eq!(offered(&stand, caller, video).await.status, status);
    }
    // It is what it was until then, and nobody else can take it.
    assert_eq!(get(&stand, owner, video).await.json, before.json);
    for caller in [owner, editor, stranger] {
        assert_eq!(accept(&stand, caller, video).await.status, 404);
    }
    let taken = accept(&stand, new, video).await;
    assert_eq!(taken.status, 200, "{}", taken.json);
    let mut expected = before.json.clone();
    for (name, value) in [("owner_id", json!(new)), ("version", taken.json["version"].clone())] {
        expected[name] = value;
    }
    expected["updated_at"] = taken.json["updated_at"].clone();
    // What changes a video is answered without its image.
    expected.as_object_mut().unwrap().remove("thumbnail");
    assert_eq!(taken.json, expected);
    let last = stand.bed.emitted(video).await.pop().unwrap();
    assert_eq!(
        (last.topic.as_str(), last.kind.as_str()),
        ("media.changed", "mcsp.content.video.transferred.v1")
    );
    assert_eq!((&last.data["owner_id"], &last.data["collaborators"]), (&json!(new), &json!([editor])));
    // Who had it has nothing to do with it any more; who works on it goes on.
    let edit = || Some(json!({"title": "A walk by the sea"}));
    for (caller, status) in [(owner, 404), (stranger, 404), (editor, 200), (new, 200)] {
        assert_eq!(send(&stand, caller, "PATCH", &path(video), edit()).await.status, status);
    }
    assert_eq!(offered(&stand, owner, video).await.status, 404);
    assert_eq!(accept(&stand, new, video).await.status, 404);
    let listed = send(&stand, owner, "GET", "/v1/videos", None).await.json;
    assert!(listed["items"].as_array().unwrap().is_empty());
    let listed = send(&stand, new, "GET", "/v1/videos", None).await.json;
    assert_eq!(listed["items"][0]["id"], json!(video));
    let shared = send(&stand, new, "GET", "/v1/videos/shared", None).await.json;
    assert!(shared["items"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn one_offer_at_a_time_is_taken_back_declined_or_expires() {
    let stand = Stand::new().await;
    let [owner, first, second] = [new_user_id(), new_user_id(), new_user_id()];
    let video = stand.ready_video(owner, "A walk").await;
    assert_eq!(withdraw(&stand, owner, video).await, 404);
    let (one, other) = join(offer(&stand, owner, video, first), offer(&stand, owner, video, first)).await;
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let pending = offer(&stand, owner, video, second).await;
    assert_eq!((pending.status, pending.code()), (409, "transfer_pending"));
    assert_eq!(withdraw(&stand, second, video).await, 404);
    assert_eq!(withdraw(&stand, first, video).await, 204, "declined");
    assert_eq!(accept(&stand, first, video).await.status, 404);
    assert_eq!(offer(&stand, owner, video, second).await.status, 201);
    assert_eq!(withdraw(&stand, owner, video).await, 204, "taken back");
    assert_eq!(accept(&stand, second, video).await.status, 404);

    assert_eq!(offer(&stand, owner, video, first).await.status, 201);
    stand.bed.pass(7 * DAY_S - 60);
    assert_eq!(offered(&stand, first, video).await.status, 200);
    stand.bed.pass(60);
    for caller in [owner, first] {
        assert_eq!(offered(&stand, caller, video).await.status, 404);
    }
    assert_eq!(accept(&stand, first, video).await.status, 404);
    assert_eq!(offer(&stand, owner, video, second).await.status, 201, "in the place of what has expired");
    assert_eq!(accept(&stand, second, video).await.status, 200);
}

#[tokio::test]
async fn what_is_not_there_to_be_had_is_not_given() {
    let stand = Stand::new().await;
    let (owner, new) = (new_user_id(), new_user_id());
    let processing = new_video_id();
    stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(processing, owner)).await;
    let refused = offer(&stand, owner, processing, new).await;
    assert_eq!((refused.status, refused.code()), (409, "not_ready"));
    let video = stand.ready_video(owner, "A walk").await;
    let own = offer(&stand, owner, video, owner).await;
    assert_eq!((own.status, own.json["errors"][0]["pointer"].clone()), (422, json!("/to")));
    assert_eq!(offer(&stand, new, video, owner).await.status, 404);
    // What was offered before is not to be had either, as long as it is kept back or deleted.
    assert_eq!(offer(&stand, owner, video, new).await.status, 201);
    let (kind, data) = decided(video, 1, true);
    stand.events.deliver_until_taken(&unique(), kind, &data).await;
    for refused in [accept(&stand, new, video).await, offer(&stand, owner, video, new).await] {
        assert_eq!((refused.status, refused.code()), (409, "video_blocked"));
    }
    let seen = offered(&stand, new, video).await;
    assert_eq!((seen.status, &seen.json["title"]), (200, &json!(null)));
    let (kind, data) = decided(video, 2, false);
    stand.events.deliver_until_taken(&unique(), kind, &data).await;
    assert_eq!(send(&stand, owner, "DELETE", &path(video), None).await.status, 200);
    for refused in [accept(&stand, new, video).await, offer(&stand, owner, video, new).await] {
        assert_eq!((refused.status, refused.code()), (409, "video_deleted"));
    }
    assert_eq!(offered(&stand, new, video).await.json["title"], json!(null));
    let restore = format!("{}/restore", path(video));
    assert_eq!(send(&stand, owner, "POST", &restore, None).await.status, 200);
    assert_eq!(offered(&stand, new, video).await.json["title"], json!("A walk"));
    // An account that is suspended takes nothing.
    stand.events.deliver_until_taken(&unique(), ACCOUNT, &account(new, 2, "suspended")).await;
    let refused = accept(&stand, new, video).await;
    assert_eq!((refused.status, refused.code()), (403, "account_suspended"));
    stand.events.deliver_until_taken(&unique(), ACCOUNT, &account(new, 3, "active")).await;
    assert_eq!(accept(&stand, new, video).await.status, 200);
}

#[tokio::test]
async fn a_repeated_request_has_its_first_answer_and_a_stale_one_none() {
    let stand = Stand::new().await;
    let (owner, new) = (new_user_id(), new_user_id());
    let video = stand.ready_video(owner, "A walk").await;
    let (transfer, taking) =
        (format!("{}/transfer", path(video)), format!("{}/transfer/accept", path(video)));
    let (of_owner, of_new) = (stand.bed.bearer(owner, Role::Creator), stand.bed.bearer(new, Role::Creator));
    let stale = [("authorization", of_owner.as_str()), ("if-match", "\"1\"")];
    let to = Some(json!({"to": new}));
    let refused = stand.videos.send(("POST", &transfer), &stale, to.clone()).await;
    assert_eq!((refused.status, refused.code()), (412, "stale"));
    let keyed = [("authorization", of_owner.as_str()), ("idempotency-key", "k1")];
    let first = stand.videos.send(("POST", &transfer), &keyed, to.clone()).await;
    let again = stand.videos.send(("POST", &transfer), &keyed, to).await;
    assert_eq!((first.status, again.status, first.json), (201, 201, again.json));
    let other = stand.videos.send(("POST", &transfer), &keyed, Some(json!({"to": new_user_id()}))).await;
    assert_eq!((other.status, other.code()), (422, "idempotency_key_reused"));
    // It was changed after it was read.
    let read = offered(&stand, new, video).await;
    assert_eq!(send(&stand, owner, "PATCH", &path(video), Some(json!({"title": "B"}))).await.status, 200);
    let etag = read.headers["etag"].to_str().unwrap();
    let stale = [("authorization", of_new.as_str()), ("if-match", etag)];
    for request in [("POST", taking.as_str()), ("DELETE", transfer.as_str())] {
        assert_eq!(stand.videos.send(request, &stale, None).await.status, 412);
    }
    let keyed = [("authorization", of_new.as_str()), ("idempotency-key", "k1")];
    let first = stand.videos.send(("POST", &taking), &keyed, None).await;
    let told = stand.bed.emitted(video).await.len();
    let again = stand.videos.send(("POST", &taking), &keyed, None).await;
    assert_eq!((first.status, again.status, first.json), (200, 200, again.json));
    assert_eq!(stand.bed.emitted(video).await.len(), told);
}

#[tokio::test]
async fn accounts_have_to_do_with_what_is_theirs_alone() {
    let stand = Stand::new().await;
    let [owner, new] = [new_user_id(), new_user_id()];
    let video = stand.ready_video(owner, "A walk").await;
    let publish = format!("{}/publish", path(video));
    assert_eq!(stand.send_as(owner, &stand.publication, ("POST", &publish), None).await.status, 200);
    let said = submitted(video, owner, 1, json!({"title": "A walk in the hills"}));
    stand.events.deliver_until_taken(&unique(), SUBMITTED, &said).await;
    assert_eq!(offer(&stand, owner, video, new).await.status, 201);
    assert_eq!(accept(&stand, new, video).await.status, 200);
    let page = async || stand.videos.send(("GET", &path(video)), &[], None).await;
    // What the one before says later, or is late, says nothing.
    let late = submitted(video, owner, 2, json!({"title": "Mine still"}));
    stand.events.deliver_until_taken(&unique(), SUBMITTED, &late).await;
    let told = stand.bed.emitted(video).await.len();
    stand.events.deliver_until_taken(&unique(), ACCOUNT, &account(owner, 2, "suspended")).await;
    let erased = "mcsp.auth.account.erased.v1";
    stand.events.deliver_until_taken(&unique(), erased, &account(owner, 3, "erased")).await;
    assert_eq!(
        (page().await.status, page().await.json["title"].clone()),
        (200, json!("A walk in the hills"))
    );
    assert_eq!(stand.bed.emitted(video).await.len(), told);
    stand.events.deliver_until_taken(&unique(), ACCOUNT, &account(new, 2, "suspended")).await;
    assert_eq!(page().await.status, 404);
    stand.events.deliver_until_taken(&unique(), ACCOUNT, &account(new, 3, "active")).await;
    assert_eq!(page().await.status, 200);
    stand.events.deliver_until_taken(&unique(), erased, &account(new, 4, "erased")).await;
    assert_eq!(get(&stand, new, video).await.json["title"], Value::Null);
}

#[tokio::test]
async fn an_offer_that_has_expired_is_forgotten_and_one_that_was_made_since_is_not() {
    let stand = Stand::new().await;
    let [owner, first, second] = [new_user_id(), new_user_id(), new_user_id()];
    let video = stand.ready_video(owner, "A walk").await;
    let offers = async || stand.bed.ask::<i64>("SELECT count(*) FROM transfers").await;
    let timers = async |due: &str| {
        let question = format!("SELECT count(*) FROM timers WHERE type = '{OFFER_DUE}' AND {due}");
        stand.bed.ask::<i64>(&question).await
    };
    let due = async || stand.events.deliver(&unique(), OFFER_DUE, &json!({"video_id": video})).await.status;
    assert_eq!(offer(&stand, owner, video, first).await.status, 201);
    let in_7_days = "due_at BETWEEN now() + interval '167 hours' AND now() + interval '169 hours'";
    assert_eq!(timers(in_7_days).await, 1);
    stand.bed.pass(7 * DAY_S - 60);
    assert_eq!((due().await, offers().await), (409, 1), "it can still be accepted");
    // Another one is made while the timer of the one that has expired is under way.
    stand.bed.pass(60);
    assert_eq!(offer(&stand, owner, video, second).await.status, 201);
    assert_eq!((due().await, offers().await, timers("true").await), (409, 1, 1));
    assert_eq!(offered(&stand, second, video).await.status, 200);
    stand.bed.pass(7 * DAY_S);
    for _ in 0..2 {
        assert_eq!((due().await, offers().await), (204, 0));
    }
    // What is over before leaves nothing to be forgotten.
    assert_eq!(offer(&stand, owner, video, first).await.status, 201);
    assert_eq!((withdraw(&stand, first, video).await, timers("true").await), (204, 0));
    assert_eq!(offer(&stand, owner, video, first).await.status, 201);
    assert_eq!((accept(&stand, first, video).await.status, timers("true").await), (200, 0));
    assert_eq!((due().await, get(&stand, first, video).await.status), (204, 200));
}

#[tokio::test]
async fn offers_are_forgotten_with_accounts_and_with_videos() {
    let stand = Stand::new().await;
    let [owner, new, other] = [new_user_id(), new_user_id(), new_user_id()];
    let (video, purged) = (stand.ready_video(owner, "A").await, stand.ready_video(other, "B").await);
    assert_eq!(offer(&stand, owner, video, new).await.status, 201);
    assert_eq!(offer(&stand, other, purged, owner).await.status, 201);
    let offers = async || stand.bed.ask::<i64>("SELECT count(*) FROM transfers").await;
    let erased = account(new, 2, "erased");
    stand.events.deliver_until_taken(&unique(), "mcsp.auth.account.erased.v1", &erased).await;
    assert_eq!((offers().await, offered(&stand, owner, video).await.status), (1, 404));
    assert_eq!(send(&stand, other, "DELETE", &path(purged), None).await.status, 200);
    stand.bed.pass(30 * DAY_S);
    let kind = "mcsp.content.video.purge_due.v1";
    assert_eq!(stand.events.deliver(&unique(), kind, &json!({"video_id": purged})).await.status, 204);
    assert_eq!(offers().await, 0);
}
