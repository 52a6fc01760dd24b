//! What owners say of videos before these are there: it comes before, between and after the two events that make a video, and
//! at the same time.

use content_tests::Stand;
use content_tests::samples::{
    ACCOUNT, COMPLETED, FAILED, INITIATED, SUBMITTED, account, completed, failed, initiated, new_user_id,
    new_video_id, submitted,
};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::unique;
use serde_json::{Value, json};

const RACING_VIDEOS: usize = 20;
const HOUR_S: i64 = 3_600;
const DRAFT_DUE: &str = "mcsp.content.video.draft_due.v1";

fn draft(title: &str, publish_at: Option<Timestamp>) -> Value {
    json!({"title": title, "description": "An hour in the rain.", "tags": ["Hiking"], "category": "travel",
        "language": "en-gb", "licence": "cc0", "made_for_kids": true, "custom_fields": {"camera": "a phone"},
        "visibility": "unlisted", "publish_at": publish_at, "surprise": 1})
}

async fn seen(stand: &Stand, video: VideoId, owner: UserId) -> Value {
    stand.send_as(owner, &stand.videos, ("GET", &format!("/v1/videos/{video}")), None).await.json
}

async fn deliver(stand: &Stand, kind: &str, data: &Value) {
    stand.events.deliver_until_taken(&unique(), kind, data).await;
}

/// To the second, an hour from now.
fn in_an_hour(stand: &Stand) -> Timestamp {
    Timestamp::from_second(stand.bed.now().as_second() + HOUR_S).unwrap()
}

#[tokio::test]
async fn a_video_becomes_the_same_whenever_its_draft_comes() {
    let stand = Stand::new().await;
    let publish_at = in_an_hour(&stand);
    for place in 0..3 {
        let (video, owner) = (new_video_id(), new_user_id());
        let mut events = vec![(INITIATED, initiated(video, owner)), (COMPLETED, completed(video))];
        events.insert(place, (SUBMITTED, submitted(video, owner, 1, draft("A walk", Some(publish_at)))));
        for (kind, data) in &events {
            deliver(&stand, kind, data).await;
        }
        let seen = seen(&stand, video, owner).await;
        assert_eq!((&seen["state"], &seen["title"]), (&json!("ready"), &json!("A walk")), "{place}: {seen}");
        assert_eq!((&seen["tags"], &seen["language"]), (&json!(["hiking"]), &json!("en-GB")), "{place}");
        assert_eq!((&seen["visibility"], &seen["scheduled_at"]), (&json!("unlisted"), &json!(publish_at)));
        assert_eq!((&seen["licence"], &seen["made_for_kids"]), (&json!("cc0"), &json!(true)), "{place}");
        assert_eq!(seen["custom_fields"], json!({"camera": "a phone"}), "{place}");
        let due = json!({"video_id": video});
        let kind = "mcsp.content.video.publication_due.v1";
        assert_eq!(stand.events.deliver(&unique(), kind, &due).await.status, 409, "{place}: not yet");
        stand.bed.pass(HOUR_S);
        deliver(&stand, kind, &due).await;
        stand.bed.pass(-HOUR_S);
        let published = self::seen(&stand, video, owner).await;
        assert_eq!(published["state"], "published", "{place}");
    }
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM timers").await, 3);
}

#[tokio::test]
async fn all_three_at_the_same_time_lose_nothing() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let publish_at = in_an_hour(&stand);
    let videos: Vec<_> = (0..RACING_VIDEOS).map(|_| new_video_id()).collect();
    for pair in videos.chunks(2) {
        join_all(pair.iter().map(|video| async {
            let (upload, outcome) = (initiated(*video, owner), completed(*video));
            let said = submitted(*video, owner, 1, draft("Raced", Some(publish_at)));
            let (first, second, third) = (unique(), unique(), unique());
            tokio::join!(
                stand.events.deliver_until_taken(&first, INITIATED, &upload),
                stand.events.deliver_until_taken(&second, COMPLETED, &outcome),
                stand.events.deliver_until_taken(&third, SUBMITTED, &said),
                stand.events.deliver_until_taken(&third, SUBMITTED, &said),
            );
        }))
        .await;
    }
    for video in videos {
        let seen = seen(&stand, video, owner).await;
        assert_eq!((&seen["state"], &seen["title"]), (&json!("ready"), &json!("Raced")), "{seen}");
        assert_eq!(seen["scheduled_at"], json!(publish_at));
    }
    let timers: i64 = stand.bed.ask("SELECT count(*) FROM timers").await;
    assert_eq!(timers, i64::try_from(RACING_VIDEOS).unwrap());
}

#[tokio::test]
async fn of_two_words_the_one_that_was_said_later_counts() {
    let stand = Stand::new().await;
    for before_the_video in [true, false] {
        let (video, owner) = (new_video_id(), new_user_id());
        if !before_the_video {
            deliver(&stand, INITIATED, &initiated(video, owner)).await;
        }
        for (second, title) in [(2, "Later"), (1, "Earlier")] {
            deliver(&stand, SUBMITTED, &submitted(video, owner, second, draft(title, None))).await;
        }
        if before_the_video {
            deliver(&stand, INITIATED, &initiated(video, owner)).await;
        }
        assert_eq!(seen(&stand, video, owner).await["title"], "Later");
        let patched = json!({"title": "By hand"});
        let path = format!("/v1/videos/{video}");
        assert_eq!(stand.send_as(owner, &stand.videos, ("PATCH", &path), Some(patched)).await.status, 200);
        deliver(&stand, SUBMITTED, &submitted(video, owner, 2, draft("Later", None))).await;
        assert_eq!(seen(&stand, video, owner).await["title"], "By hand", "a second delivery changes nothing");
    }
}

#[tokio::test]
async fn a_video_that_is_late_is_published_when_it_is_ready_and_one_that_failed_never() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let (late, broken) = (new_video_id(), new_video_id());
    let past = stand.bed.now() - SignedDuration::from_secs(60);
    for video in [late, broken] {
        deliver(&stand, SUBMITTED, &submitted(video, owner, 1, draft("Late", Some(past)))).await;
        deliver(&stand, INITIATED, &initiated(video, owner)).await;
    }
    assert_eq!(
        stand.bed.ask::<i64>("SELECT count(*) FROM timers").await,
        0,
        "there is nothing to publish yet"
    );
    deliver(&stand, COMPLETED, &completed(late)).await;
    deliver(&stand, FAILED, &failed(broken)).await;
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM timers WHERE due_at <= now()").await, 1);
    deliver(&stand, "mcsp.content.video.publication_due.v1", &json!({"video_id": late})).await;
    assert_eq!(seen(&stand, late, owner).await["state"], "published");
    let failed = seen(&stand, broken, owner).await;
    assert_eq!((&failed["state"], &failed["scheduled_at"]), (&json!("failed"), &Value::Null));
    assert_eq!(failed["title"], "Late");
}

#[tokio::test]
async fn what_waits_for_a_video_that_does_not_come_is_forgotten() {
    let stand = Stand::new().await;
    let (owner, lost, found) = (new_user_id(), new_video_id(), new_video_id());
    let said = |video, second| submitted(video, owner, second, draft("A walk", None));
    let due = |said: &Value| json!({"video_id": said["video_id"], "submitted_at": said["submitted_at"]});
    let kept = async || stand.bed.ask::<i64>("SELECT count(*) FROM drafts").await;
    let timers = async |due: &str| {
        let question = format!("SELECT count(*) FROM timers WHERE type = '{DRAFT_DUE}' AND {due}");
        stand.bed.ask::<i64>(&question).await
    };
    for video in [lost, found] {
        deliver(&stand, SUBMITTED, &said(video, 1)).await;
    }
    let in_50_hours = "due_at BETWEEN now() + interval '49 hours' AND now() + interval '51 hours'";
    assert_eq!((kept().await, timers(in_50_hours).await), (2, 2));
    // One is there in time, and what was said of it stays.
    deliver(&stand, INITIATED, &initiated(found, owner)).await;
    assert_eq!(timers("true").await, 1);
    deliver(&stand, DRAFT_DUE, &due(&said(found, 1))).await;
    assert_eq!((kept().await, &seen(&stand, found, owner).await["title"]), (2, &json!("A walk")));
    // Of the other something is said anew, while the timer of what was said before is under way.
    deliver(&stand, SUBMITTED, &said(lost, 2)).await;
    deliver(&stand, DRAFT_DUE, &due(&said(lost, 1))).await;
    assert_eq!((kept().await, timers("true").await), (2, 1));
    for _ in 0..2 {
        deliver(&stand, DRAFT_DUE, &due(&said(lost, 2))).await;
        assert_eq!(kept().await, 1);
    }
    deliver(&stand, INITIATED, &initiated(lost, owner)).await;
    assert_eq!(seen(&stand, lost, owner).await["title"], Value::Null);
}

#[tokio::test]
async fn a_draft_that_is_none_is_poison_and_one_of_an_erased_account_is_forgotten() {
    let stand = Stand::new().await;
    let (video, owner) = (new_video_id(), new_user_id());
    for bad in [json!({"title": "\u{202e}"}), json!({"title": 7}), json!({"title": "t", "visibility": "all"})]
    {
        let data = submitted(video, owner, 1, bad);
        assert_eq!(stand.events.deliver(&unique(), SUBMITTED, &data).await.status, 422);
    }
    deliver(&stand, SUBMITTED, &submitted(video, owner, 1, draft("A secret", None))).await;
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM drafts").await, 1);
    let erased = json!({"user_id": owner, "version": 2, "state": "erased"});
    deliver(&stand, "mcsp.auth.account.erased.v1", &erased).await;
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM drafts").await, 0);
}

#[tokio::test]
async fn a_draft_that_comes_after_its_owner_was_erased_is_dropped() {
    let stand = Stand::new().await;
    let (owner, other) = (new_user_id(), new_user_id());
    let [there, to_come] = [new_video_id(), new_video_id()];
    let kept = async || stand.bed.ask::<i64>("SELECT count(*) FROM drafts").await;
    deliver(&stand, INITIATED, &initiated(there, owner)).await;
    deliver(&stand, ACCOUNT, &account(owner, 2, "erased")).await;
    let told = stand.bed.emitted(there).await;
    for video in [there, to_come] {
        deliver(&stand, SUBMITTED, &submitted(video, owner, 1, draft("A secret", None))).await;
    }
    assert_eq!(stand.bed.emitted(there).await, told);
    assert_eq!((kept().await, stand.bed.ask::<i64>("SELECT count(title) FROM videos").await), (0, 0));
    // One of a suspended account waits, as it may be back.
    deliver(&stand, ACCOUNT, &account(other, 2, "suspended")).await;
    deliver(&stand, SUBMITTED, &submitted(new_video_id(), other, 1, draft("A walk", None))).await;
    assert_eq!(kept().await, 1);
    // Nor is one taken that waited, where the video comes while what its owner said is still being forgotten.
    let (owner, video) = (new_user_id(), new_video_id());
    deliver(&stand, SUBMITTED, &submitted(video, owner, 1, draft("A secret", None))).await;
    let known = format!(
        "INSERT INTO owners (owner_id, version, is_active, is_erased) VALUES ('{}', 2, false, true)",
        owner.uuid()
    );
    stand.bed.execute(&known).await;
    deliver(&stand, INITIATED, &initiated(video, owner)).await;
    assert_eq!((kept().await, stand.bed.ask::<i64>("SELECT count(title) FROM videos").await), (1, 0));
}

#[tokio::test]
async fn a_draft_and_the_erasure_of_its_owner_at_the_same_time_leave_nothing_of_it() {
    let stand = Stand::new().await;
    for is_there in [true, false].repeat(RACING_VIDEOS / 2) {
        let (video, owner) = (new_video_id(), new_user_id());
        if is_there {
            deliver(&stand, INITIATED, &initiated(video, owner)).await;
        }
        let (said, erased) =
            (submitted(video, owner, 1, draft("A secret", None)), account(owner, 2, "erased"));
        tokio::join!(deliver(&stand, SUBMITTED, &said), deliver(&stand, ACCOUNT, &erased));
    }
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM drafts").await, 0);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(title) FROM videos").await, 0);
}
