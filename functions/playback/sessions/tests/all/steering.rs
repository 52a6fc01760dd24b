//! Players that ask by themselves where to load from.

use crate::scene::{RING, SESSIONS, STORES, Scene, expect, text};
use jiff::Timestamp;
use mcsp_ids::PlaybackSessionId;
use mcsp_playback_url::{Grant, Refusal, Verifier, ring_from_json};
use mcsp_testbed::{Reply, Setup, new_id};
use playback_storage::{Bounds, memory, videos};
use serde_json::{Value, json};

/// Less than a URL is good for, and more than half of it.
const MOST_OF_A_URL_S: i64 = 40 * 60;
/// How long a film plays: longer than a URL is good for.
pub const FILM_MS: u64 = 4 * 60 * 60 * 1_000;
/// For longer no grant is good.
const GRANT_S: i64 = 12 * 60 * 60;

impl Scene {
    /// Whose video is packaged for players that are steered.
    async fn steered_where_also(variable: &'static str, value: &str) -> Scene {
        let scene = Scene::where_also(variable, value.to_owned()).await;
        scene.is_packaged_for_steering(2, FILM_MS).await;
        scene
    }

    async fn steered() -> Scene {
        Scene::steered_where_also("stale_ttl_s", "900").await
    }

    pub async fn is_packaged_for_steering(&self, version: u64, duration_ms: u64) {
        let prefix = format!("packaged/{}/", self.video);
        let packaged = json!({"prefix": prefix, "hls": "master.m3u8", "hls_steered": "steered.m3u8"});
        self.announce_with(version, json!({"packaged": packaged, "duration_ms": duration_ms})).await;
    }

    /// As a player asks: without an access token.
    pub async fn steer(&self, path: &str) -> Reply {
        self.sessions.send(("GET", path), &[], None).await
    }

    /// A heartbeat that gives new URLs.
    async fn renew(&self, session: &Value) -> Value {
        self.bed.pass(MOST_OF_A_URL_S);
        let beat = expect(self.beat(text(session, "renewal_path"), 1_000).await, 200);
        assert!(beat["manifests"].is_object(), "{beat}");
        beat
    }

    /// What the edge says of the token of the first clone, to a viewer with this address.
    pub fn opens_clone(&self, told: &Value, address: &str) -> Result<Grant, Refusal> {
        let token = text(&told["PATHWAY-CLONES"][0]["URI-REPLACEMENT"]["PARAMS"], "token");
        let path = format!("packaged/{}/media_0.m3u8", self.video);
        let now_s = u64::try_from(self.bed.now().as_second()).unwrap();
        let verifier = Verifier::new(ring_from_json(RING).unwrap());
        verifier.verify_from(address.parse().ok(), token, &path, now_s)
    }

    async fn steers_no_more(&self, path: &str) {
        let reply = self.steer(path).await;
        assert_eq!((reply.status, reply.code()), (410, "session_over"), "{}", reply.json);
    }
}

/// Where a player asks, as it finds it in the URL of its playlist.
pub fn steering_path(manifests: &Value) -> String {
    let (playlist, query) = text(manifests, "hls_steered").split_once('?').unwrap();
    assert!(playlist.ends_with("/steered.m3u8"), "{playlist}");
    let (name, url) = form_urlencoded::parse(query.as_bytes()).next().unwrap();
    assert_eq!(name, "steering");
    path_of(&url)
}

fn path_of(url: &str) -> String {
    url.strip_prefix("http://auth.example").unwrap().to_owned()
}

fn reload_path(told: &Value) -> String {
    path_of(text(told, "RELOAD-URI"))
}

/// The id that a CDN has with URLs that expire then.
fn pathway(cdn: u8, view: &Value) -> String {
    let expires_at: Timestamp = text(view, "expires_at").parse().unwrap();
    format!("cdn-{cdn}-{}", expires_at.as_second())
}

#[tokio::test]
async fn until_its_urls_are_renewed_a_player_stays_where_it_is() {
    let scene = Scene::steered().await;
    let session = expect(scene.start().await, 201);
    let reply = scene.steer(&steering_path(&session["manifests"])).await;
    assert_eq!(reply.headers["cache-control"], "no-store");
    assert_eq!(reply.headers["content-type"], "application/json");
    let told = expect(reply, 200);
    assert_eq!((&told["VERSION"], &told["TTL"]), (&json!(1), &json!(300)));
    assert_eq!((&told["PATHWAY-PRIORITY"], &told["PATHWAY-CLONES"]), (&json!(["."]), &Value::Null));
    let again = expect(scene.steer(&reload_path(&told)).await, 200);
    assert_eq!((&again["PATHWAY-PRIORITY"], &again["PATHWAY-CLONES"]), (&json!(["."]), &Value::Null));
}

#[tokio::test]
async fn what_a_heartbeat_has_renewed_is_handed_on() {
    let scene = Scene::steered().await;
    let session = expect(scene.start().await, 201);
    let path = steering_path(&session["manifests"]);
    let beat = scene.renew(&session).await;
    let told = expect(scene.steer(&path).await, 200);
    let id = pathway(1, &beat);
    assert_eq!(told["PATHWAY-PRIORITY"], json!([id, "."]));
    let url = text(&beat["manifests"], "hls").strip_prefix("http://cdn/p/").unwrap();
    let (token, _) = url.split_once('/').unwrap();
    let clone = json!({"BASE-ID": ".", "ID": id, "URI-REPLACEMENT": {"PARAMS": {"token": token}}});
    assert_eq!(told["PATHWAY-CLONES"], json!([clone]));
    assert_eq!(scene.opens_clone(&told, "").unwrap().session_id(), text(&session, "id"));
    // The same where it asks from then on, until there is something newer.
    let again = expect(scene.steer(&reload_path(&told)).await, 200);
    assert_eq!(again["PATHWAY-CLONES"], told["PATHWAY-CLONES"]);
    // The URL of the playlist is over by then.
    let newer = scene.renew(&session).await;
    for path in [&path, &reload_path(&again)] {
        let told = expect(scene.steer(path).await, 200);
        assert_eq!(told["PATHWAY-PRIORITY"], json!([pathway(1, &newer)]));
        assert!(scene.opens_clone(&told, "").is_ok());
    }
}

#[tokio::test]
async fn a_player_is_told_of_all_cdns_and_stays_on_the_one_to_which_it_went() {
    let scene = Scene::steered_where_also("cdn_failover_urls", r#"["http://cdn2", "http://cdn3/"]"#).await;
    let session = expect(scene.start().await, 201);
    let path = steering_path(&session["manifests"]);
    let told = expect(scene.steer(&path).await, 200);
    let [second, third] = [2, 3].map(|cdn| pathway(cdn, &session));
    assert_eq!(told["PATHWAY-PRIORITY"], json!([".", second, third]));
    let replaced: Vec<_> = (0..2).map(|at| &told["PATHWAY-CLONES"][at]["URI-REPLACEMENT"]).collect();
    assert_eq!(json!(replaced), json!([{"HOST": "cdn2"}, {"HOST": "cdn3"}]));
    let went = expect(scene.steer(&format!("{path}&_HLS_pathway={second}&_HLS_throughput=9")).await, 200);
    assert_eq!(went["PATHWAY-PRIORITY"], json!([second, ".", third]));
    let beat = scene.renew(&session).await;
    let stays = expect(scene.steer(&format!("{path}&_HLS_pathway={second}")).await, 200);
    let [first, renewed, third] = [1, 2, 3].map(|cdn| pathway(cdn, &beat));
    assert_eq!(stays["PATHWAY-PRIORITY"], json!([renewed, first, third, "."]));
    assert_eq!(stays["PATHWAY-CLONES"][0]["URI-REPLACEMENT"]["HOST"], "cdn");
    assert!(scene.opens_clone(&stays, "").is_ok());
}

#[tokio::test]
async fn it_is_one_round_trip() {
    let scene = Scene::steered().await;
    let session = scene.seen().await;
    let path = steering_path(&session["manifests"]);
    expect(scene.steer(&path).await, 200);
    tokio::task::yield_now().await;
    scene.bed.take_calls();
    expect(scene.steer(&path).await, 200);
    assert_eq!(scene.bed.take_calls(), ["try_pipeline"]);
}

#[tokio::test]
async fn without_redis_what_this_process_renewed_is_handed_on() {
    let scene = Scene::steered().await;
    scene.seen().await;
    scene.until_the_video_is_remembered().await;
    scene.down(&STORES, true);
    let session = expect(scene.start().await, 201);
    let path = steering_path(&session["manifests"]);
    let told = expect(scene.steer(&path).await, 200);
    assert_eq!(told["PATHWAY-PRIORITY"], json!(["."]));
    let beat = scene.renew(&session).await;
    for path in [&path, &reload_path(&told)] {
        let told = expect(scene.steer(path).await, 200);
        assert_eq!(told["PATHWAY-PRIORITY"], json!([pathway(1, &beat), "."]));
        assert!(scene.opens_clone(&told, "").is_ok());
    }
    assert_eq!(scene.end(&session).await.status, 204);
    scene.steers_no_more(&path).await;
}

#[tokio::test]
async fn what_was_told_before_is_told_again_where_only_the_player_knows_it() {
    let scene = Scene::steered().await;
    let session = scene.seen().await;
    scene.until_the_video_is_remembered().await;
    let path = steering_path(&session["manifests"]);
    scene.renew(&session).await;
    let told = expect(scene.steer(&path).await, 200);
    scene.down(&STORES, true);
    let again = expect(scene.steer(&reload_path(&told)).await, 200);
    assert_eq!(again["PATHWAY-CLONES"], told["PATHWAY-CLONES"]);
    assert_eq!(again["PATHWAY-PRIORITY"], told["PATHWAY-PRIORITY"]);
    assert_eq!(again["RELOAD-URI"], Value::Null, "nobody here knows the session");
    // Another process, which does not know the video either.
    let variables = vec![("cdn_base_url", "http://cdn/".to_owned()), ("playback_url_keys", RING.to_owned())];
    let bed = scene.bed.restarted(Setup { variables, ..Setup::default() }).await;
    bed.pass(MOST_OF_A_URL_S);
    let sessions = bed.component(SESSIONS, playback_sessions::router);
    let positions = bed.component("playback-positions", playback_positions::router);
    let scene = Scene { bed, sessions, positions, ..scene };
    scene.down(&STORES, true);
    let first = expect(scene.steer(&path).await, 200);
    assert_eq!((&first["PATHWAY-PRIORITY"], &first["RELOAD-URI"]), (&json!(["."]), &Value::Null));
    let unknown = scene.steer(&reload_path(&told)).await;
    assert_eq!((unknown.status, unknown.code()), (503, "entitlement_unknown"), "it goes on with what it has");
}

#[tokio::test]
async fn a_session_that_is_over_and_a_video_that_is_taken_back_are_asked_for_once() {
    let scene = Scene::steered().await;
    let [ended, open] = [expect(scene.start().await, 201), expect(scene.start().await, 201)];
    assert_eq!(scene.end(&ended).await.status, 204);
    scene.steers_no_more(&steering_path(&ended["manifests"])).await;
    let path = steering_path(&open["manifests"]);
    expect(scene.steer(&path).await, 200);
    scene.announce_with(3, json!({"state": "blocked"})).await;
    scene.steers_no_more(&path).await;
}

#[tokio::test]
async fn what_is_only_remembered_to_be_taken_back_may_have_been_given_back() {
    let scene = Scene::steered().await;
    let session = expect(scene.start().await, 201);
    let path = steering_path(&session["manifests"]);
    let bridge = scene.bed.bridge(SESSIONS);
    scene.announce_with(3, json!({"state": "blocked"})).await;
    let blocked = videos::cached(&*bridge, scene.video, scene.bed.now()).await.unwrap().unwrap().version;
    let bounds = Bounds { patience_ms: 1_000, stale_ttl_ms: 900_000 };
    memory::keep_video(&*bridge, &bounds, scene.video, &blocked).await.unwrap();
    scene.down(&STORES, true);
    assert_eq!(expect(scene.steer(&path).await, 200)["PATHWAY-PRIORITY"], json!(["."]));
}

#[tokio::test]
async fn a_grant_is_good_for_its_own_session_and_for_its_time() {
    let scene = Scene::steered().await;
    let session = expect(scene.start().await, 201);
    let path = steering_path(&session["manifests"]);
    let other: PlaybackSessionId = new_id();
    let (without, grant) = path.split_once("?grant=").unwrap();
    let end = text(&session, "end_path");
    for bad in [
        path.replace(text(&session, "id"), &other.to_string()),
        without.to_owned(),
        format!("{without}?grant="),
        format!("{without}?grant=x{grant}"),
        format!("{without}?grant={}", grant.replace('.', "")),
        // What opens the path of a video.
        format!("{without}?grant={}", text(&session["manifests"], "hls").split('/').nth(4).unwrap()),
        // What ends the session, and keeps it: a proof beside an access token, and none without.
        end.replace("?grant=", "/steering?grant="),
    ] {
        let refused = scene.steer(&bad).await;
        assert_eq!((refused.status, refused.code()), (403, "url_invalid"), "{bad}");
    }
    expect(scene.steer(&path).await, 200);
    scene.bed.pass(GRANT_S);
    let refused = scene.steer(&path).await;
    assert_eq!((refused.status, refused.code()), (403, "url_expired"));
}

#[tokio::test]
async fn where_it_asks_again_is_good_for_longer_than_the_first_grant() {
    let scene = Scene::steered().await;
    let session = expect(scene.start().await, 201);
    let mut path = steering_path(&session["manifests"]);
    let mut renewal_path = text(&session, "renewal_path").to_owned();
    for _ in 0..2 {
        scene.bed.pass(GRANT_S - 60);
        let beat = expect(scene.beat(&renewal_path, 1_000).await, 200);
        renewal_path = text(&beat, "renewal_path").to_owned();
        let told = expect(scene.steer(&path).await, 200);
        assert_eq!(told["PATHWAY-PRIORITY"], json!([pathway(1, &beat)]));
        path = reload_path(&told);
    }
}

#[tokio::test]
async fn what_players_add_is_passed_over() {
    let scene = Scene::steered().await;
    let session = expect(scene.start().await, 201);
    let path = steering_path(&session["manifests"]);
    for more in [
        "_HLS_pathway=.&_HLS_throughput=5140000",
        "_HLS_pathway=.&_HLS_pathway=cdn-9-1&_HLS_throughput=&_HLS_throughput=x",
        "_HLS_pathway=%ff%00&another=1&another=2",
        "playlist_expires_at_s=x",
    ] {
        let told = expect(scene.steer(&format!("{path}&{more}")).await, 200);
        assert_eq!(told["PATHWAY-PRIORITY"], json!(["."]), "{more}");
    }
}

#[tokio::test]
async fn what_was_packaged_before_is_played_without() {
    let scene = Scene::new().await;
    let session = expect(scene.start().await, 201);
    let beat = scene.renew(&session).await;
    for manifests in [&session["manifests"], &beat["manifests"]] {
        assert_eq!(manifests["hls_steered"], Value::Null);
        assert!(manifests["hls"].is_string());
    }
}

#[tokio::test]
async fn who_has_urls_to_the_end_is_led_to_no_others() {
    let scene = Scene::steered().await;
    // Of which ten minutes are left a second after the beginning.
    scene.is_packaged_for_steering(3, 601_000).await;
    let session = expect(scene.start().await, 201);
    let path = steering_path(&session["manifests"]);
    let beat = scene.renew(&session).await;
    let told = expect(scene.steer(&path).await, 200);
    assert_eq!((&told["PATHWAY-PRIORITY"], &told["PATHWAY-CLONES"]), (&json!(["."]), &Value::Null));
    // It has waited: the twelve minutes that its URLs are good for do not reach any more.
    scene.bed.pass(8 * 60);
    let position = json!({"position_ms": 1_000, "state": "paused"});
    expect(scene.send(&scene.sessions, ("PUT", text(&session, "renewal_path")), Some(position)).await, 200);
    let told = expect(scene.steer(&reload_path(&told)).await, 200);
    assert_eq!(told["PATHWAY-PRIORITY"], json!([pathway(1, &beat), "."]));
}

#[tokio::test]
async fn short_lived_urls_are_asked_for_sooner() {
    let scene = Scene::steered_where_also("playback_url_ttl_s", "60").await;
    let session = expect(scene.start().await, 201);
    let told = expect(scene.steer(&steering_path(&session["manifests"])).await, 200);
    assert_eq!(told["TTL"], 7);
}
