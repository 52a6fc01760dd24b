//! Playback sessions: who gets one, what it opens, and how many there are.

use mcsp_ids::{PlaybackSessionId, VideoId};
use mcsp_tests::playing::{published, published_by, start, steering_path};
use mcsp_tests::{
    Account, Answer, Platform, decide, decide_on_video, eventually, postgres, ready_video, subscribe,
    titled_video,
};
use serde_json::{Value, json};
use uuid::Uuid;

const LIMIT: usize = 3;

fn path(session: &Value) -> String {
    format!("/v1/playback/sessions/{}", session["id"].as_str().expect("an id"))
}

fn heartbeat(position_ms: u64) -> Value {
    json!({"position_ms": position_ms, "state": "playing"})
}

async fn fetch(url: &str) -> (u16, String) {
    let answer = reqwest::get(url).await.expect("the CDN answers");
    (answer.status().as_u16(), answer.text().await.unwrap_or_default())
}

/// Until Playback has heard of a change: a session, or a refusal with this code.
async fn eventually_refused(viewer: &Account, video_id: &str, status: u16, code: &str) -> Answer {
    eventually(code, async || {
        let answer = start(viewer, video_id).await;
        if answer.status.as_u16() == 201 {
            viewer.delete(&path(&answer.json)).await.expect(204);
        }
        (answer.status.as_u16() == status && answer.json["code"] == code).then_some(answer)
    })
    .await
}

#[tokio::test]
async fn one_call_gives_all_that_a_player_needs() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let viewer = platform.account("viewer").await;
    let session = start(&viewer, &video_id).await.expect(201);
    assert_eq!(session["video_id"], video_id);
    assert_eq!(session["resume_position_ms"], 0);
    assert_eq!(session["stale_ms"], 0);
    for (name, path) in
        [("renewal_path", format!("{}/heartbeat", path(&session))), ("end_path", path(&session))]
    {
        let given = session[name].as_str().expect("a path");
        assert!(given.starts_with(&format!("{path}?grant=")), "{given}");
    }
    assert!(session["duration_ms"].as_u64() > Some(0), "{session}");
    assert!(session["renditions"][0]["height"].as_u64() > Some(0), "{session}");
    assert!(session["cmcd_session_id"].as_str().expect("a sid").parse::<Uuid>().is_ok());
    let expires_at: jiff::Timestamp =
        session["expires_at"].as_str().expect("a time").parse().expect("a time");
    let left = expires_at.duration_since(jiff::Timestamp::now()).as_mins();
    assert!((50..=60).contains(&left), "{left} min");
    let again = start(&viewer, &video_id).await.expect(201);
    assert_eq!(again["served_from"], "redis");
    assert_ne!(again["id"], session["id"]);
}

#[tokio::test]
async fn a_video_is_not_played_where_its_owner_denies_it_and_plays_once_that_is_lifted() {
    let platform = Platform::running();
    let owner = platform.account("creator").await;
    let video_id = published_by(&owner).await;
    let viewer = platform.account("viewer").await;
    start(&viewer, &video_id).await.expect(201);
    let set = async |allow: &[&str], deny: &[&str]| {
        let path = format!("/v1/videos/{video_id}/regions");
        owner.put(&path, &json!({"allow": allow, "deny": deny})).await.expect(200);
    };
    // Accounts are in `eu` here.
    set(&[], &["eu"]).await;
    eventually_refused(&viewer, &video_id, 403, "region_denied").await;
    start(&owner, &video_id).await.refused(403, "region_denied");
    set(&["us"], &[]).await;
    set(&["eu"], &["us"]).await;
    let session = eventually("a start", async || {
        let answer = start(&viewer, &video_id).await;
        (answer.status.as_u16() == 201).then_some(answer.json)
    })
    .await;
    assert_eq!(session["video_id"], video_id);
}

#[tokio::test]
async fn the_manifest_url_opens_the_whole_tree_and_with_one_character_changed_nothing() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let viewer = platform.account("viewer").await;
    let session = start(&viewer, &video_id).await.expect(201);
    let url = session["manifests"]["hls"].as_str().expect("a URL");
    let (status, master) = fetch(url).await;
    assert_eq!(status, 200);
    assert!(master.starts_with("#EXTM3U"), "{master}");
    let variant = master.lines().find(|line| !line.is_empty() && !line.starts_with('#')).expect("a variant");
    let (base, _) = url.rsplit_once('/').expect("a path");
    assert_eq!(fetch(&format!("{base}/{variant}")).await.0, 200);
    let (status, manifest) = fetch(session["manifests"]["dash"].as_str().expect("a URL")).await;
    assert!(status == 200 && manifest.contains("<MPD"), "{status}: {manifest}");

    let token_from = url.find("/p/").expect("a token") + 3;
    let token_to = token_from + url[token_from..].find('/').expect("the token's end");
    for at in [token_from, token_from + 20, token_to - 60, token_to - 2] {
        let mut changed = url.to_owned().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("ASCII");
        assert_eq!(fetch(&changed).await.0, 403, "character {at} of {url}");
    }
    let other = published(&platform).await;
    assert_eq!(fetch(&url.replace(&video_id, &other)).await.0, 403);
}

#[tokio::test]
async fn a_steered_playlist_says_where_its_player_asks_and_needs_no_token_there() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let viewer = platform.account("viewer").await;
    let session = start(&viewer, &video_id).await.expect(201);
    let (status, steered) = fetch(session["manifests"]["hls_steered"].as_str().expect("a URL")).await;
    assert_eq!(status, 200);
    let lines =
        ["#EXT-X-DEFINE:QUERYPARAM=\"steering\"", "#EXT-X-CONTENT-STEERING:SERVER-URI=\"{$steering}\""];
    assert!(lines.iter().all(|line| steered.contains(line)), "{steered}");
    let (_, plain) = fetch(session["manifests"]["hls"].as_str().expect("a URL")).await;
    assert!(!plain.contains("steering"), "{plain}");
    let told = platform.get(&steering_path(&session)).await.expect(200);
    assert_eq!((&told["VERSION"], &told["PATHWAY-PRIORITY"]), (&json!(1), &json!(["."])));
    let nothing_shown = format!("{}/steering", path(&session));
    platform.get(&nothing_shown).await.refused(403, "url_invalid");
    viewer.delete(session["end_path"].as_str().expect("a path")).await.expect(204);
    platform.get(&steering_path(&session)).await.refused(410, "session_over");
}

#[tokio::test]
async fn a_hundred_starts_at_once_open_exactly_as_many_as_the_limit() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let viewer = platform.account("viewer").await;
    let starts: Vec<_> = (0..100)
        .map(|_| {
            let (viewer, video_id) = (viewer.clone(), video_id.clone());
            tokio::spawn(async move { start(&viewer, &video_id).await })
        })
        .collect();
    let mut opened = Vec::new();
    for start in starts {
        let answer = start.await.expect("a start");
        if answer.status.as_u16() == 201 {
            opened.push(answer.json);
        } else {
            answer.refused(403, "too_many_streams");
            assert!(answer.json["detail"].as_str().is_some(), "a denial says what would help");
        }
    }
    assert_eq!(opened.len(), LIMIT);

    viewer.delete(&path(&opened[0])).await.expect(204);
    start(&viewer, &video_id).await.expect(201);
    start(&viewer, &video_id).await.refused(403, "too_many_streams");
}

#[tokio::test]
async fn a_denied_start_takes_no_slot() {
    let platform = Platform::running();
    let creator = platform.account("creator").await;
    let hidden = ready_video(&creator).await;
    let video_id = published(&platform).await;
    let viewer = platform.account("viewer").await;
    for _ in 0..LIMIT {
        start(&viewer, &hidden).await.refused(404, "not_found");
    }
    for _ in 0..LIMIT {
        start(&viewer, &video_id).await.expect(201);
    }
}

#[tokio::test]
async fn the_same_key_gives_the_same_session_and_takes_one_slot() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let viewer = platform.account("viewer").await;
    let (key, body) = (Uuid::new_v4().to_string(), json!({"video_id": video_id, "device": {"id": "tv"}}));
    let first = viewer.post_with_key("/v1/playback/sessions", &body, &key).await.expect(201);
    for _ in 0..LIMIT + 1 {
        let again = viewer.post_with_key("/v1/playback/sessions", &body, &key).await.expect(201);
        assert_eq!((&again["id"], &again["manifests"]), (&first["id"], &first["manifests"]));
    }
    let other = json!({"video_id": video_id, "device": {"id": "phone"}});
    let reused = viewer.post_with_key("/v1/playback/sessions", &other, &key).await;
    reused.refused(422, "idempotency_key_reused");
}

#[tokio::test]
async fn what_the_viewer_may_not_know_of_is_not_found() {
    let platform = Platform::running();
    let viewer = platform.account("viewer").await;
    let unknown = VideoId::from_uuid(Uuid::now_v7()).to_string();
    start(&viewer, &unknown).await.refused(404, "not_found");
    let creator = platform.account("creator").await;
    let unpublished = ready_video(&creator).await;
    start(&viewer, &unpublished).await.refused(404, "not_found");
    eventually_refused(&creator, &unpublished, 403, "not_published").await;
}

#[tokio::test]
async fn a_private_video_plays_for_its_owner_alone() {
    let platform = Platform::running();
    let creator = platform.account("creator").await;
    let video_id = published_by(&creator).await;
    let viewer = platform.account("viewer").await;
    let session = start(&viewer, &video_id).await.expect(201);
    viewer.delete(&path(&session)).await.expect(204);
    let private = json!({"visibility": "private"});
    creator.put(&format!("/v1/videos/{video_id}/visibility"), &private).await.expect(200);
    eventually_refused(&viewer, &video_id, 404, "not_found").await;
    start(&creator, &video_id).await.expect(201);
    start(&viewer, &video_id).await.refused(404, "not_found");
}

#[tokio::test]
async fn an_unpublished_video_stops_being_played() {
    let platform = Platform::running();
    let creator = platform.account("creator").await;
    let video_id = published_by(&creator).await;
    let viewer = platform.account("viewer").await;
    creator.post(&format!("/v1/videos/{video_id}/unpublish"), &json!({})).await.expect(200);
    eventually_refused(&viewer, &video_id, 403, "not_published").await;
}

#[tokio::test]
async fn after_stopping_half_way_the_next_session_resumes_there() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let viewer = platform.account("viewer").await;
    let session = start(&viewer, &video_id).await.expect(201);
    let beat = viewer.put(&format!("{}/heartbeat", path(&session)), &heartbeat(1_500)).await.expect(200);
    assert_eq!((&beat["position_ms"], &beat["expires_at"]), (&json!(1_500), &session["expires_at"]));
    viewer.delete(&path(&session)).await.expect(204);
    let next = start(&viewer, &video_id).await.expect(201);
    assert_eq!(next["resume_position_ms"], 1_500);

    let stop = viewer.request(reqwest::Method::DELETE, &path(&next)).json(&json!({"position_ms": 2_500}));
    platform.send(stop).await.expect(204);
    let last = start(&viewer, &video_id).await.expect(201);
    assert_eq!(last["resume_position_ms"], 2_500);
}

#[tokio::test]
async fn a_session_ends_once_and_then_has_no_heartbeat() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let viewer = platform.account("viewer").await;
    let session = start(&viewer, &video_id).await.expect(201);
    viewer.delete(&path(&session)).await.expect(204);
    for name in ["end_path", "renewal_path"] {
        let given = session[name].as_str().expect("a path").to_owned();
        let without = given.split('?').next().expect("a path").to_owned();
        for path in [given, without] {
            if name == "end_path" {
                viewer.delete(&path).await.refused(404, "not_found");
            } else {
                viewer.put(&path, &heartbeat(1)).await.refused(404, "not_found");
            }
        }
    }
}

#[tokio::test]
async fn anothers_session_is_not_found() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let (viewer, other) = (platform.account("viewer").await, platform.account("viewer").await);
    let session = start(&viewer, &video_id).await.expect(201);
    let unknown = json!({"id": PlaybackSessionId::from_uuid(Uuid::now_v7())});
    for session in [&session, &unknown] {
        other.delete(&path(session)).await.refused(404, "not_found");
        let beat = other.put(&format!("{}/heartbeat", path(session)), &heartbeat(1)).await;
        beat.refused(404, "not_found");
    }
    // Not even by the paths that its holder was given.
    let given = |name: &str| session[name].as_str().expect("a path").to_owned();
    other.delete(&given("end_path")).await.refused(404, "not_found");
    other.put(&given("renewal_path"), &heartbeat(1)).await.refused(404, "not_found");
    viewer.put(&format!("{}/heartbeat", path(&session)), &heartbeat(1)).await.expect(200);
}

#[tokio::test]
async fn what_no_player_can_mean_is_refused_with_its_place() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let viewer = platform.account("viewer").await;
    for (device, pointer) in [
        (json!({"id": ""}), "/device/id"),
        (json!({"id": "a b"}), "/device/id"),
        (json!({"id": "tv", "name": "x".repeat(101)}), "/device/name"),
    ] {
        let body = json!({"video_id": video_id, "device": device});
        let answer = viewer.post("/v1/playback/sessions", &body).await;
        answer.refused(422, "validation_failed");
        assert_eq!(answer.json["errors"][0]["pointer"], pointer);
    }
    let session = start(&viewer, &video_id).await.expect(201);
    let beat = viewer.put(&format!("{}/heartbeat", path(&session)), &heartbeat(u64::MAX)).await;
    beat.refused(422, "validation_failed");
    assert_eq!(beat.json["errors"][0]["pointer"], "/position_ms");
}

#[tokio::test]
async fn a_suspended_account_plays_nothing_though_its_token_is_good() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let viewer = platform.account("viewer").await;
    let session = start(&viewer, &video_id).await.expect(201);
    decide(&viewer, 1, true).await;
    eventually_refused(&viewer, &video_id, 403, "account_suspended").await;
    let beaten = viewer.put(session["renewal_path"].as_str().expect("a path"), &heartbeat(1_000)).await;
    beaten.refused(403, "account_suspended");
    decide(&viewer, 2, false).await;
    eventually("it plays again", async || {
        (start(&viewer, &video_id).await.status.as_u16() == 201).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_blocked_video_is_played_by_nobody_until_it_is_restored() {
    let platform = Platform::running();
    let creator = platform.account("creator").await;
    let video_id = published_by(&creator).await;
    let viewer = platform.account("viewer").await;
    start(&viewer, &video_id).await.expect(201);
    decide_on_video(&video_id, 1, true).await;
    for account in [&viewer, &creator] {
        eventually_refused(account, &video_id, 403, "blocked").await;
    }
    // Content tells of it, too: Playback has heard of it by itself.
    let id: VideoId = video_id.parse().expect("an id");
    let mut postgres = postgres().await;
    eventually("Playback knows of the decision", async || {
        let decided =
            sqlx::query_scalar("SELECT is_blocked FROM playback.video_decisions WHERE video_id = $1");
        let decided: Option<bool> =
            decided.bind(id.uuid()).fetch_optional(&mut postgres).await.expect("Postgres");
        decided.filter(|is_blocked| *is_blocked).map(drop)
    })
    .await;
    decide_on_video(&video_id, 2, false).await;
    eventually("it is played again", async || {
        (start(&viewer, &video_id).await.status.as_u16() == 201).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_for_subscribers_asks_for_a_plan() {
    let platform = Platform::running();
    let creator = platform.account("creator").await;
    let video_id = published_by(&creator).await;
    let subscribers = json!({"visibility": "subscribers", "minimum_plan_level": 2});
    creator.put(&format!("/v1/videos/{video_id}/visibility"), &subscribers).await.expect(200);
    let viewer = platform.account("viewer").await;
    let denied = eventually_refused(&viewer, &video_id, 403, "subscription_required").await;
    assert!(denied.json["detail"].is_string(), "{}", denied.json);
    viewer.get(&format!("/v1/videos/{video_id}")).await.expect(200);
    subscribe(&viewer, 1, 1).await;
    eventually_refused(&viewer, &video_id, 403, "plan_too_low").await;
    subscribe(&viewer, 2, 2).await;
    eventually("it is played", async || {
        (start(&viewer, &video_id).await.status.as_u16() == 201).then_some(())
    })
    .await;
    start(&creator, &video_id).await.expect(201);
}

#[tokio::test]
async fn what_asks_for_an_age_is_played_by_those_who_say_that_they_have_reached_it() {
    let platform = Platform::running();
    let creator = platform.account("creator").await;
    let video_id = published_by(&creator).await;
    creator.patch(&format!("/v1/videos/{video_id}"), &json!({"minimum_age": 16}), None).await.expect(200);
    let viewer = platform.account("viewer").await;
    eventually_refused(&viewer, &video_id, 403, "age_restricted").await;
    let birth_date = json!({"birth_date": "1996-02-29"});
    viewer.put("/v1/accounts/me/birth-date", &birth_date).await.expect(200);
    start(&viewer, &video_id).await.refused(403, "age_restricted");
    start(&viewer.signed_in_again().await, &video_id).await.expect(201);
    start(&creator, &video_id).await.expect(201);
}

#[tokio::test]
async fn what_asks_for_a_password_is_played_by_those_who_have_given_one_until_it_changes() {
    let platform = Platform::running();
    let creator = platform.account("creator").await;
    let video_id = published_by(&creator).await;
    let visibility = format!("/v1/videos/{video_id}/visibility");
    // Hashing is for idle cores, and none may be idle while all tests run.
    let ask_for = async |password: &str| {
        let body = json!({"visibility": "password", "passwords": [password]});
        eventually("the password is set", async || {
            (creator.put(&visibility, &body).await.status.as_u16() == 200).then_some(())
        })
        .await;
    };
    ask_for("open sesame").await;
    let viewer = platform.account("viewer").await;
    eventually_refused(&viewer, &video_id, 403, "password_required").await;
    let unlock = format!("/v1/videos/{video_id}/unlock");
    let give = async |password: &str, status: u16| {
        eventually("the password is looked at", async || {
            let answer = viewer.post(&unlock, &json!({"password": password})).await;
            (answer.status.as_u16() == status).then_some(answer.json)
        })
        .await
    };
    assert_eq!(give("open says me", 403).await["code"], "wrong_password");
    let unlocked = give("open sesame", 200).await;
    let device = json!({"id": "tv", "name": "Kitchen"});
    let with_grant =
        json!({"video_id": video_id, "device": device, "access_grant": unlocked["access_grant"]});
    let session = viewer.post("/v1/playback/sessions", &with_grant).await.expect(201);
    let manifest = session["manifests"]["hls"].as_str().expect("a URL");
    assert!(reqwest::get(manifest).await.expect("the CDN answers").status().is_success());
    start(&viewer, &video_id).await.refused(403, "password_required");
    start(&creator, &video_id).await.expect(201);
    ask_for("another").await;
    eventually("what was unlocked is locked again", async || {
        let answer = viewer.post("/v1/playback/sessions", &with_grant).await;
        (answer.status.as_u16() == 403).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_planned_says_from_when_on_it_can_be_played_and_then_can() {
    let platform = Platform::running();
    let creator = platform.account("creator").await;
    let (video_id, _) = titled_video(&creator).await;
    let viewer = platform.account("viewer").await;
    start(&viewer, &video_id).await.refused(404, "not_found");
    let schedule = format!("/v1/videos/{video_id}/schedule");
    let far = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    creator.put(&schedule, &json!({"publish_at": far})).await.expect(200);
    let denied = eventually_refused(&viewer, &video_id, 403, "scheduled").await;
    let starts_at = denied.json["starts_at"].as_str().expect("a time");
    assert_eq!(starts_at.parse::<jiff::Timestamp>().expect("a time").as_second(), far.as_second());
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    creator.put(&schedule, &json!({"publish_at": soon})).await.expect(200);
    eventually("it is published", async || {
        (start(&viewer, &video_id).await.status.as_u16() == 201).then_some(())
    })
    .await;
    assert!(jiff::Timestamp::now() >= soon);
}
