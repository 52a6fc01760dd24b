//! The keys that sign playback URLs: made, given to the edge, signing and leaving by their times, with stores and without.

use crate::scene::{RING, SESSIONS, STORES, Scene, expect, text};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use mcsp_access::Role;
use mcsp_function::WARM_UP_PATH;
use mcsp_playback_url::{KeySecret, Refusal, Verifier};
use mcsp_testbed::{BRIDGE_TOKEN, Component, Reply, Setup, new_id};
use serde_json::{Value, json};

const PATH: &str = "/v1/playback/signing-keys";
const EDGE: &str = "/v1/edge-keys";
const LEAD_S: i64 = 1200;
/// How long an instance goes on with what it has read.
const KEPT_S: i64 = 10;
/// How long what a key has signed may be good, and by how much clocks may differ.
const LIFE_S: i64 = 24 * 60 * 60 + 60;
const MADE_MAX: usize = 8;
/// What the test itself may take.
const MARGIN_S: i64 = 60;

struct Keys {
    scene: Scene,
    keys: Component,
}

impl Keys {
    async fn new() -> Keys {
        let scene = Scene::new().await;
        Keys { keys: scene.bed.component("playback-keys", playback_keys::router), scene }
    }

    async fn administer(&self, method: &str, headers: &[(&str, &str)], body: Option<Value>) -> Reply {
        let bearer = self.scene.bed.bearer(new_id(), Role::Admin);
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        self.keys.send((method, PATH), &headers, body).await
    }

    async fn rotate(&self, compromised: bool) -> Reply {
        self.administer("POST", &[], Some(json!({ "compromised": compromised }))).await
    }

    /// The role of each key, the newest first.
    async fn roles(&self) -> Vec<String> {
        let all = expect(self.administer("GET", &[], None).await, 200);
        all["items"].as_array().unwrap().iter().map(|key| text(key, "role").to_owned()).collect()
    }

    async fn edge(&self) -> Vec<KeySecret> {
        let authorization = format!("Bearer {BRIDGE_TOKEN}");
        let reply = self.keys.send(("GET", EDGE), &[("authorization", &authorization)], None).await;
        assert_eq!(reply.headers["cache-control"], "no-store");
        serde_json::from_value(expect(reply, 200)["keys"].take()).unwrap()
    }

    /// What the edge says of a URL.
    async fn opens(&self, url: &Url) -> Result<(), Refusal> {
        let keys = self.edge().await;
        let verifier = Verifier::new(keys.iter().map(|key| key.key().unwrap()));
        let now_s = u64::try_from(self.scene.bed.now().as_second()).unwrap();
        verifier.verify(&url.token, &url.path, now_s).map(drop)
    }

    async fn start(&self) -> (Value, Url) {
        let session = expect(self.scene.start().await, 201);
        assert_eq!(self.scene.end(&session).await.status, 204);
        let url = Url::of(&session);
        (session, url)
    }

    /// The same as it is in another process, which has seen nothing.
    async fn restarted(self) -> Keys {
        let variables =
            vec![("cdn_base_url", "http://cdn/".to_owned()), ("playback_url_keys", RING.to_owned())];
        let bed = self.scene.bed.restarted(Setup { variables, ..Setup::default() }).await;
        let sessions = bed.component(SESSIONS, playback_sessions::router);
        let positions = bed.component("playback-positions", playback_positions::router);
        let keys = bed.component("playback-keys", playback_keys::router);
        Keys { scene: Scene { bed, sessions, positions, ..self.scene }, keys }
    }
}

struct Url {
    token: String,
    path: String,
    kid: String,
}

impl Url {
    fn of(session: &Value) -> Url {
        let signed = session["manifests"]["hls"].as_str().unwrap().strip_prefix("http://cdn/p/").unwrap();
        let (token, path) = signed.split_once('/').unwrap();
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        let kid = serde_json::from_slice::<Value>(&payload).unwrap()["kid"].as_str().unwrap().to_owned();
        Url { token: token.to_owned(), path: path.to_owned(), kid }
    }
}

#[tokio::test]
async fn a_rotation_runs_to_its_end_by_time_alone() {
    let keys = Keys::new().await;
    let (_, first) = keys.start().await;
    assert_eq!((first.kid.as_str(), keys.roles().await), ("k1", vec!["current".to_owned()]));
    let rotated = expect(keys.rotate(false).await, 201);
    let next = text(&rotated["items"][0], "kid").to_owned();
    assert_eq!(keys.roles().await, ["next", "current"]);
    assert_eq!(keys.edge().await.len(), 2, "the edge is given it before it signs");
    keys.scene.bed.pass(LEAD_S - MARGIN_S);
    assert_eq!(keys.start().await.1.kid, "k1");
    keys.scene.bed.pass(MARGIN_S);
    let (_, second) = keys.start().await;
    assert_eq!((&second.kid, keys.roles().await), (&next, vec!["current".to_owned(), "previous".to_owned()]));
    for url in [&first, &second] {
        assert_eq!(keys.opens(url).await, Ok(()), "{}", url.kid);
    }
    // The first one's URL has expired by then; what the second key signed is good until a day after it has stopped signing.
    expect(keys.rotate(false).await, 201);
    keys.scene.bed.pass(LEAD_S + LIFE_S - MARGIN_S);
    assert_eq!(keys.opens(&second).await, Err(Refusal::Expired));
    keys.scene.bed.pass(MARGIN_S);
    assert_eq!(keys.opens(&second).await, Err(Refusal::UnknownKey));
    assert_eq!(keys.roles().await, ["current", "gone", "previous"], "the configuration's does not leave");
    // What is gone is removed when the next one comes.
    expect(keys.rotate(false).await, 201);
    assert_eq!(keys.roles().await, ["next", "current", "previous"]);
    assert_eq!(keys.scene.bed.ask::<i64>("SELECT count(*) FROM signing_keys").await, 2);
}

#[tokio::test]
async fn what_a_player_was_given_before_a_rotation_goes_on_proving_its_session() {
    let keys = Keys::new().await;
    let session = keys.scene.seen().await;
    expect(keys.rotate(false).await, 201);
    keys.scene.bed.pass(LEAD_S + KEPT_S);
    assert_ne!(keys.start().await.1.kid, "k1");
    keys.scene.down(&STORES, true);
    expect(keys.scene.beat(text(&session, "renewal_path"), 1_000).await, 200);
}

#[tokio::test]
async fn a_compromised_key_is_out_at_once_also_the_configurations() {
    let keys = Keys::new().await;
    let (_, before) = keys.start().await;
    expect(keys.rotate(false).await, 201);
    let rotated = expect(keys.rotate(true).await, 201);
    assert_eq!(keys.roles().await, ["current", "gone", "gone"]);
    let ids: Vec<_> = keys.edge().await.into_iter().map(|key| key.id).collect();
    assert_eq!(ids, [text(&rotated["items"][0], "kid")]);
    assert_eq!(keys.opens(&before).await, Err(Refusal::UnknownKey));
    keys.scene.bed.pass(KEPT_S);
    let (_, after) = keys.start().await;
    assert_eq!((after.kid.as_str(), keys.opens(&after).await), (ids[0].as_str(), Ok(())));
    expect(keys.rotate(false).await, 201);
    assert_eq!(keys.roles().await, ["next", "current", "gone"], "that it is revoked stays known");
    expect(keys.rotate(true).await, 201);
    assert_eq!(keys.edge().await.len(), 1);
}

#[tokio::test]
async fn no_secret_can_be_read_in_the_database_and_nobody_but_the_platform_is_given_one() {
    let keys = Keys::new().await;
    let answer = keys.rotate(false).await;
    let made = keys.edge().await.remove(0);
    assert!(made.secret.len() >= 43 && made.id != "k1");
    let row: String = keys.scene.bed.ask("SELECT row_to_json(k)::text FROM signing_keys k").await;
    let hex: String = made.secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    for told in [row, answer.text, keys.administer("GET", &[], None).await.text] {
        assert!(!told.contains(&made.secret) && !told.contains(&hex), "{told}");
    }
    let admin = keys.scene.bed.bearer(new_id(), Role::Admin);
    for authorization in [admin.as_str(), "Bearer another token", ""] {
        let refused = keys.keys.send(("GET", EDGE), &[("authorization", authorization)], None).await;
        assert_eq!((refused.status, refused.code()), (404, "not_found"), "{authorization}");
    }
    let moderator = keys.scene.bed.bearer(new_id(), Role::Moderator);
    for (method, body) in [("GET", None), ("POST", Some(json!({})))] {
        let refused = keys.keys.send((method, PATH), &[("authorization", &moderator)], body).await;
        assert_eq!((refused.status, refused.code()), (403, "insufficient_permission"));
    }
}

#[tokio::test]
async fn while_postgres_is_away_the_edge_is_given_nothing_rather_than_less() {
    let keys = Keys::new().await;
    expect(keys.rotate(false).await, 201);
    keys.scene.down(&["postgres"], true);
    let authorization = format!("Bearer {BRIDGE_TOKEN}");
    let reply = keys.keys.send(("GET", EDGE), &[("authorization", &authorization)], None).await;
    assert_eq!(reply.status, 503, "{}", reply.json);
    assert_eq!(keys.rotate(false).await.status, 503);
}

#[tokio::test]
async fn with_all_stores_away_since_before_it_began_an_instance_signs_as_the_others_do() {
    let keys = Keys::new().await;
    keys.scene.seen().await;
    expect(keys.rotate(false).await, 201);
    keys.scene.down(&STORES, true);
    keys.scene.bed.pass(LEAD_S);
    let sessions = keys.scene.bed.component(SESSIONS, playback_sessions::router);
    let keys = Keys { scene: Scene { sessions, ..keys.scene }, ..keys };
    let (session, url) = keys.start().await;
    assert_eq!(session["served_from"], "memory");
    assert_ne!(url.kid, "k1", "it knows of the key that was made");
    keys.scene.down(&STORES, false);
    assert_eq!(keys.opens(&url).await, Ok(()));
}

#[tokio::test]
async fn a_process_that_began_without_postgres_signs_with_what_it_is_configured_with() {
    let keys = Keys::new().await;
    expect(keys.rotate(false).await, 201);
    let keys = keys.restarted().await;
    keys.scene.bed.pass(LEAD_S);
    keys.scene.down(&["postgres"], true);
    let (_, url) = keys.start().await;
    assert_eq!(url.kid, "k1");
    keys.scene.down(&["postgres"], false);
    assert_eq!(keys.opens(&url).await, Ok(()), "the edge believes it all the same");
    keys.scene.bed.pass(KEPT_S);
    assert_ne!(keys.start().await.1.kid, "k1", "once it can, it looks");
}

#[tokio::test]
async fn a_process_that_has_got_ready_signs_as_the_others_do_though_postgres_goes_before_its_first_start() {
    let keys = Keys::new().await;
    expect(keys.rotate(false).await, 201);
    let keys = keys.restarted().await;
    keys.scene.bed.pass(LEAD_S);
    assert_eq!(keys.scene.sessions.send(("GET", WARM_UP_PATH), &[], None).await.status, 204);
    keys.scene.down(&["postgres"], true);
    assert_ne!(keys.start().await.1.kid, "k1");
}

#[tokio::test]
async fn of_many_rotations_at_once_one_is_made_and_a_repetition_makes_none() {
    let keys = Keys::new().await;
    let rotations = join_all((0..8).map(|_| keys.rotate(false))).await;
    let (made, refused): (Vec<_>, Vec<_>) = rotations.iter().partition(|reply| reply.status == 201);
    assert_eq!(made.len(), 1);
    for reply in refused {
        assert_eq!((reply.status, reply.code()), (409, "rotation_under_way"), "{}", reply.json);
    }
    let bearer = keys.scene.bed.bearer(new_id(), Role::Admin);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k")];
    let compromised = json!({"compromised": true});
    let send = || keys.keys.send(("POST", PATH), &headers, Some(compromised.clone()));
    let (first, again) = (expect(send().await, 201), expect(send().await, 201));
    assert_eq!(first, again);
    assert_eq!(keys.edge().await.len(), 1);
}

#[tokio::test]
async fn there_are_not_more_keys_than_the_edge_can_be_given() {
    let keys = Keys::new().await;
    for _ in 0..MADE_MAX {
        expect(keys.rotate(false).await, 201);
        keys.scene.bed.pass(LEAD_S);
    }
    let refused = keys.rotate(false).await;
    assert_eq!((refused.status, refused.code()), (409, "too_many_keys"), "{}", refused.json);
    expect(keys.rotate(true).await, 201);
    expect(keys.rotate(false).await, 201);
}

#[tokio::test]
async fn what_is_sealed_with_a_key_that_is_not_there_signs_nothing() {
    let keys = Keys::new().await;
    expect(keys.rotate(false).await, 201);
    keys.scene.bed.execute("UPDATE signing_keys SET sealed_secret = '\\x00'").await;
    let keys = keys.restarted().await;
    keys.scene.bed.pass(LEAD_S);
    assert_eq!(keys.start().await.1.kid, "k1");
    let authorization = format!("Bearer {BRIDGE_TOKEN}");
    let reply = keys.keys.send(("GET", EDGE), &[("authorization", &authorization)], None).await;
    assert_eq!((reply.status, reply.code()), (500, "internal_error"), "the edge goes on with what it has");
}
