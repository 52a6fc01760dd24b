//! The two events that make a video: in any order, doubled, and at the same time.

use content_tests::Stand;
use content_tests::samples::{
    COMPLETED, FAILED, INITIATED, account, completed, failed, initiated, new_user_id, new_video_id,
};
use futures::future::join_all;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Emitted, unique};
use serde_json::{Value, json};

/// Videos whose two events race each other.
const RACING_VIDEOS: usize = 40;

async fn seen_by_owner(stand: &Stand, video: VideoId, owner: UserId) -> Value {
    stand.send_as(owner, &stand.videos, ("GET", &format!("/v1/videos/{video}")), None).await.json
}

fn kinds(emitted: &[Emitted]) -> Vec<&str> {
    emitted.iter().map(|event| event.kind.as_str()).collect()
}

const KEY_ID: &str = "00010203-0405-0607-0809-0a0b0c0d0e0f";
const READY: [&str; 2] = ["mcsp.content.video.created.v1", "mcsp.content.video.ready.v1"];

#[tokio::test]
async fn a_video_becomes_ready_whichever_event_comes_first() {
    let stand = Stand::new().await;
    for upload_first in [true, false] {
        let (video, owner) = (new_video_id(), new_user_id());
        let mut events = [(INITIATED, initiated(video, owner)), (COMPLETED, completed(video))];
        if !upload_first {
            events.reverse();
        }
        for (kind, data) in &events {
            assert_eq!(stand.events.deliver(&unique(), kind, data).await.status, 204);
        }
        let seen = seen_by_owner(&stand, video, owner).await;
        assert_eq!((seen["state"].as_str(), seen["version"].as_i64()), (Some("ready"), Some(2)), "{seen}");
        assert_eq!((&seen["duration_ms"], &seen["renditions"][0]["name"]), (&json!(2000), &json!("360p")));
        let emitted = stand.bed.emitted(video).await;
        assert_eq!(kinds(&emitted), READY);
        assert!(emitted.iter().all(|event| event.topic == "media.changed"));
        let versions: Vec<_> = emitted.iter().map(|event| event.data["version"].as_i64().unwrap()).collect();
        assert_eq!(versions, [1, 2]);
    }
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM early_outcomes").await, 0);
}

#[tokio::test]
async fn what_was_to_be_protected_and_is_not_has_failed_whichever_event_comes_first() {
    let stand = Stand::new().await;
    for outcome_first in [false, true] {
        let (video, owner) = (new_video_id(), new_user_id());
        let mut asking = initiated(video, owner);
        asking["protection"] = json!("cenc");
        let mut events = [(INITIATED, asking), (COMPLETED, completed(video))];
        if outcome_first {
            events.reverse();
        }
        for (kind, data) in events {
            stand.events.deliver_until_taken(&unique(), kind, &data).await;
        }
        let seen = seen_by_owner(&stand, video, owner).await;
        assert_eq!((&seen["state"], &seen["failure_code"]), (&json!("failed"), &json!("unprotected")));
    }
}

#[tokio::test]
async fn how_a_video_is_protected_is_told_on_and_shown_to_nobody() {
    let stand = Stand::new().await;
    let (video, owner) = (new_video_id(), new_user_id());
    let mut outcome = completed(video);
    outcome["protection"] = json!({"scheme": "cenc", "key_ids": [KEY_ID], "seed_id": "s1"});
    for (kind, data) in [(INITIATED, initiated(video, owner)), (COMPLETED, outcome.clone())] {
        assert_eq!(stand.events.deliver(&unique(), kind, &data).await.status, 204);
    }
    let emitted = stand.bed.emitted(video).await;
    assert_eq!(
        (&emitted[0].data["protection"], &emitted[1].data["protection"]),
        (&Value::Null, &outcome["protection"])
    );
    assert_eq!(seen_by_owner(&stand, video, owner).await.get("protection"), None);
}

#[tokio::test]
async fn events_at_the_same_time_lose_nothing_and_double_nothing() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let videos: Vec<_> = (0..RACING_VIDEOS).map(|_| new_video_id()).collect();
    // Few at once, so that each pair really meets in the database.
    for pair in videos.chunks(2) {
        join_all(pair.iter().map(|video| async {
            let (upload, outcome) = (initiated(*video, owner), completed(*video));
            let (first, second) = (unique(), unique());
            tokio::join!(
                stand.events.deliver_until_taken(&first, INITIATED, &upload),
                stand.events.deliver_until_taken(&second, COMPLETED, &outcome),
                stand.events.deliver_until_taken(&first, INITIATED, &upload),
                stand.events.deliver_until_taken(&second, COMPLETED, &outcome),
            );
        }))
        .await;
    }
    for video in videos {
        assert_eq!(seen_by_owner(&stand, video, owner).await["state"], "ready");
        assert_eq!(kinds(&stand.bed.emitted(video).await), READY);
    }
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM early_outcomes").await, 0);
}

#[tokio::test]
async fn the_first_outcome_is_the_last_word() {
    let stand = Stand::new().await;
    for upload_first in [true, false] {
        let (video, owner) = (new_video_id(), new_user_id());
        let upload = initiated(video, owner);
        if upload_first {
            stand.events.deliver_until_taken(&unique(), INITIATED, &upload).await;
        }
        for (kind, data) in [(FAILED, failed(video)), (COMPLETED, completed(video)), (FAILED, failed(video))]
        {
            stand.events.deliver_until_taken(&unique(), kind, &data).await;
        }
        let progress = json!({"video_id": video, "state": "processing", "progress_percent": 50});
        stand
            .events
            .deliver_until_taken(&unique(), "mcsp.pipeline.processing.progressed.v1", &progress)
            .await;
        stand.events.deliver_until_taken(&unique(), INITIATED, &upload).await;
        let seen = seen_by_owner(&stand, video, owner).await;
        assert_eq!((&seen["state"], &seen["failure_code"]), (&json!("failed"), &json!("unreadable_input")));
        assert_eq!(seen["version"], 2);
    }
}

#[tokio::test]
async fn what_cannot_be_believed_is_poison() {
    let stand = Stand::new().await;
    let video = new_video_id();
    let mut elsewhere = completed(video);
    elsewhere["packaged"]["prefix"] = json!(format!("packaged/{}/", new_video_id()));
    let mut climbing = completed(video);
    climbing["packaged"]["hls"] = json!("../other/master.m3u8");
    let mut climbing_too = completed(video);
    climbing_too["packaged"]["dash"] = json!("/etc/manifest.mpd");
    let mut climbing_steered = completed(video);
    climbing_steered["packaged"]["hls_steered"] = json!("../steered.m3u8");
    let protected = |protection| {
        let mut protected = completed(video);
        protected["protection"] = protection;
        protected
    };
    let keyless = protected(json!({"scheme": "cenc", "key_ids": [], "seed_id": "s1"}));
    let seedless = protected(json!({"scheme": "cenc", "key_ids": [KEY_ID], "seed_id": ""}));
    let unheard_of = protected(json!({"scheme": "rot13", "key_ids": [KEY_ID], "seed_id": "s1"}));
    let mut timeless = completed(video);
    timeless["duration_ms"] = Value::Null;
    let mut shouted = failed(video);
    shouted["reason_code"] = json!("<b>NO</b>");
    let mut ownerless = initiated(video, new_user_id());
    ownerless["owner_id"] = json!(video);
    let cases = [
        (COMPLETED, elsewhere),
        (COMPLETED, climbing),
        (COMPLETED, climbing_too),
        (COMPLETED, climbing_steered),
        (COMPLETED, keyless),
        (COMPLETED, seedless),
        (COMPLETED, unheard_of),
        (COMPLETED, timeless),
        (FAILED, shouted),
        (INITIATED, ownerless),
        (INITIATED, json!([])),
    ];
    for (kind, data) in cases {
        let reply = stand.events.deliver(&unique(), kind, &data).await;
        assert_eq!((reply.status, &reply.json["code"]), (422, &json!("malformed_event")), "{data}");
    }
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM early_outcomes").await, 0);
}

#[tokio::test]
async fn only_the_platform_delivers_events_and_reads_the_catalog() {
    let stand = Stand::new().await;
    let (owner, title) = (new_user_id(), "Catalogued");
    let video = stand.ready_video(owner, title).await;
    let catalog = format!("/v1/catalog/{video}");
    let as_user = stand.bed.bearer(owner, mcsp_access::Role::Creator);
    for bearer in ["", "Bearer ", "Bearer x", &as_user] {
        let headers = [("authorization", bearer), ("ce-id", "1"), ("ce-type", INITIATED)];
        let path = ("POST", "/events/content-events");
        let data = Some(initiated(new_video_id(), owner));
        assert_eq!(stand.events.send(path, &headers, data).await.status, 404);
        assert_eq!(stand.catalog.send(("GET", &catalog), &headers, None).await.status, 404);
    }
    let bearer = format!("Bearer {}", mcsp_testbed::BRIDGE_TOKEN);
    let headers = [("authorization", bearer.as_str())];
    let state = stand.catalog.send(("GET", &catalog), &headers, None).await;
    assert_eq!((state.status, &state.json["title"]), (200, &json!(title)));
    let told = stand.bed.emitted(video).await.pop().unwrap();
    assert_eq!(state.json, told.data, "the catalog says what the last event said");
    let unknown = format!("/v1/catalog/{}", new_video_id());
    assert_eq!(stand.catalog.send(("GET", &unknown), &headers, None).await.status, 404);
}

#[tokio::test]
async fn the_videos_of_an_erased_account_are_taken_back_and_what_was_said_of_them_is_forgotten() {
    const ERASED: &str = "mcsp.auth.account.erased.v1";
    let stand = Stand::new().await;
    let (owner, other) = (new_user_id(), new_user_id());
    let videos = [(new_video_id(), owner), (new_video_id(), owner), (new_video_id(), other)];
    for (video, owner) in videos {
        stand.events.deliver(&unique(), INITIATED, &initiated(video, owner)).await;
        stand.events.deliver(&unique(), COMPLETED, &completed(video)).await;
        let (path, body) = (format!("/v1/videos/{video}"), json!({"title": "Ada Lovelace speaks"}));
        let titled = stand.send_as(owner, &stand.videos, ("PATCH", &path), Some(body)).await;
        assert_eq!(titled.status, 200, "{}", titled.json);
        let published =
            stand.send_as(owner, &stand.publication, ("POST", &format!("{path}/publish")), None).await;
        assert_eq!(published.status, 200, "{}", published.json);
    }
    let event_id = unique();
    for _ in 0..2 {
        let reply = stand.events.deliver(&event_id, ERASED, &account(owner, 2, "erased")).await;
        assert_eq!(reply.status, 204, "{}", reply.json);
    }
    for (video, owner_of_it) in videos {
        let told = stand.bed.emitted(video).await.pop().unwrap();
        let (kind, state, title) = match owner_of_it == owner {
            true => ("mcsp.content.video.erased.v1", "unpublished", Value::Null),
            false => ("mcsp.content.video.published.v1", "published", json!("Ada Lovelace speaks")),
        };
        assert_eq!(
            (told.kind.as_str(), &told.data["state"], &told.data["title"]),
            (kind, &json!(state), &title)
        );
    }
    let left = "SELECT count(*) FROM videos WHERE title IS NOT NULL";
    assert_eq!(stand.bed.ask::<i64>(left).await, 1);
}
