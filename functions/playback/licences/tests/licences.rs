//! Licences: whoever shows a token of its own session gets the keys once, and nobody else ever.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests may fail as tests do")]

use axum::Router;
use axum::extract::Path;
use axum::response::IntoResponse;
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use mcsp_access::Role;
use mcsp_ids::{LicenceId, PlaybackSessionId, UserId, VideoId};
use mcsp_playback_url::{Key, LicenceGrant, Signer, content_key, ring_from_json};
use mcsp_testbed::{CONTENT_KEY_SEEDS, Component, LICENCE_TOKEN_KEYS, Reply, Setup, Testbed, new_id, serve};
use playback_storage::{End, Shown};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use uuid::Uuid;

/// Of other components of the service.
const RING: &str = r#"[{"id":"k1","secret":"a secret of enough bytes for a key"}]"#;
const COMPONENT: &str = "playback-licences";
const KEY_ID: Uuid = Uuid::from_u128(0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f);
const KID: &str = "AAECAwQFBgcICQoLDA0ODw";

struct Scene {
    bed: Testbed,
    licences: Component,
    user: UserId,
}

impl Scene {
    async fn new() -> Scene {
        Scene::with(Setup::default()).await
    }

    async fn with(setup: Setup) -> Scene {
        let setup = Setup { variables: vec![("playback_url_keys", RING.to_owned())], ..setup };
        let bed = Testbed::without_database("playback", setup).await;
        let licences = bed.component(COMPONENT, playback_licences::router);
        Scene { bed, licences, user: new_id() }
    }

    /// Another process over the same stores.
    async fn elsewhere(self) -> Scene {
        let Scene { bed, user, .. } = self;
        let variables = vec![("playback_url_keys", RING.to_owned())];
        let bed = bed.restarted(Setup { variables, ..Setup::default() }).await;
        let licences = bed.component(COMPONENT, playback_licences::router);
        Scene { bed, licences, user }
    }

    /// What a session gives its player.
    fn grant(&self) -> LicenceGrant {
        let now_s = u64::try_from(self.bed.now().as_second()).unwrap();
        let (id, session, video): (LicenceId, PlaybackSessionId, VideoId) = (new_id(), new_id(), new_id());
        LicenceGrant {
            id: id.to_string(),
            user_id: self.user.to_string(),
            session_id: session.to_string(),
            video_id: video.to_string(),
            key_ids: vec![KEY_ID],
            seed_id: "s1".to_owned(),
            robustness: "software".to_owned(),
            output: "any".to_owned(),
            kept_until_unix_s: None,
            issued_at_unix_s: now_s,
            expires_at_unix_s: now_s + 300,
        }
    }

    fn token(&self) -> String {
        signed(&self.grant())
    }

    async fn ask(&self, system: &str, token: &str, request: Value) -> Reply {
        let path = format!("/v1/playback/licences/{system}?token={token}");
        let bearer = self.bed.bearer(self.user, Role::Viewer);
        self.licences.send(("POST", &path), &[("authorization", &bearer)], Some(request)).await
    }

    async fn clearkey(&self, token: &str) -> Reply {
        self.ask("clearkey", token, request(&[KID])).await
    }
}

fn signed(grant: &LicenceGrant) -> String {
    let key = ring_from_json(LICENCE_TOKEN_KEYS).unwrap().remove(0);
    Signer::new(key).sign_licence(grant)
}

fn request(kids: &[&str]) -> Value {
    json!({"kids": kids, "type": "temporary"})
}

fn refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, reply.code()), (status, code), "{}", reply.json);
}

#[tokio::test]
async fn a_token_gives_the_keys_of_its_video_once() {
    let scene = Scene::new().await;
    let token = scene.token();
    let licence = scene.clearkey(&token).await;
    assert_eq!((licence.status, &licence.headers["cache-control"]), (200, &"no-store".parse().unwrap()));
    assert_eq!(licence.headers["mcsp-served-from"], "redis");
    let seed = ring_from_json(CONTENT_KEY_SEEDS).unwrap().remove(0);
    let expected = json!({"keys": [{"kty": "oct", "kid": KID, "k": base64url(content_key(&seed, KEY_ID))}], "type": "temporary"});
    assert_eq!(licence.json, expected);
    refused(&scene.clearkey(&token).await, 403, "licence_token_used");
    assert_eq!(scene.clearkey(&scene.token()).await.status, 200, "another token of the same account");
    let elsewhere = scene.elsewhere().await;
    refused(&elsewhere.clearkey(&token).await, 403, "licence_token_used");
}

fn base64url(bytes: [u8; 16]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn a_token_is_good_for_its_account_its_time_and_as_it_was_signed() {
    let scene = Scene::new().await;
    let grant = scene.grant();
    let good = signed(&grant);
    let tampered = signed(&LicenceGrant { key_ids: vec![Uuid::from_u128(7)], ..grant.clone() });
    // The payload of one with the signature of the other.
    let parts: Vec<&str> = tampered.split('.').collect();
    let tampered = format!("{}.{}.{}", parts[0], parts[1], good.rsplit('.').next().unwrap());
    let foreign = Key::new("l1", b"the key of somebody else, of 32 bytes").unwrap();
    let foreign = Signer::new(foreign).sign_licence(&grant);
    let unknown = Key::new("l2", b"the key of somebody else, of 32 bytes").unwrap();
    let unknown = Signer::new(unknown).sign_licence(&grant);
    let anothers = signed(&LicenceGrant { user_id: new_id::<mcsp_ids::User>().to_string(), ..grant.clone() });
    for token in [&tampered, &foreign, &unknown, &anothers, "", "x", "a.b.c"] {
        refused(&scene.clearkey(token).await, 403, "licence_token_invalid");
    }
    scene.bed.pass(300);
    refused(&scene.clearkey(&good).await, 403, "licence_token_expired");
    let path = format!("/v1/playback/licences/clearkey?token={}", scene.token());
    let bare = scene.licences.send(("POST", &path), &[], Some(request(&[KID])));
    refused(&bare.await, 401, "missing_token");
}

#[tokio::test]
async fn what_is_refused_leaves_the_token_good() {
    let scene = Scene::new().await;
    let token = scene.token();
    let other = base64url([9; 16]);
    refused(&scene.ask("clearkey", &token, request(&[&other])).await, 403, "key_not_granted");
    refused(&scene.ask("clearkey", &token, request(&[KID, &other])).await, 403, "key_not_granted");
    for malformed in [request(&[]), request(&["AAEC"]), json!({"kids": [KID]}), json!([KID])] {
        refused(&scene.ask("clearkey", &token, malformed).await, 400, "malformed_licence_request");
    }
    let long = json!({"kids": [KID], "type": "temporary", "filler": "x".repeat(64 * 1024)});
    refused(&scene.ask("clearkey", &token, long).await, 413, "licence_request_too_large");
    refused(&scene.ask("primetime", &token, request(&[KID])).await, 400, "invalid_id");
    assert_eq!(scene.clearkey(&token).await.status, 200);
}

#[tokio::test]
async fn a_session_that_has_ended_gets_no_keys() {
    let scene = Scene::new().await;
    for redis_is_down in [false, true] {
        let grant = scene.grant();
        let shown = Shown { video: grant.video_id.parse().unwrap(), expires_at_s: 0 };
        let session = grant.session_id.parse().unwrap();
        let end = End { user: scene.user, session, now: scene.bed.now(), position: None, shown: Some(shown) };
        let bridge = scene.bed.bridge(COMPONENT);
        scene.bed.set_down("redis", redis_is_down);
        if redis_is_down {
            playback_storage::memory::end(&*bridge, &end).await.unwrap().unwrap();
        } else {
            playback_storage::end(&*bridge, &end).await.unwrap().unwrap();
        }
        refused(&scene.clearkey(&signed(&grant)).await, 403, "session_ended");
    }
}

#[tokio::test]
async fn without_redis_the_keys_are_given_all_the_same_and_once() {
    let scene = Scene::new().await;
    scene.bed.set_down("redis", true);
    let token = scene.token();
    assert_eq!(scene.clearkey(&token).await.status, 200);
    refused(&scene.clearkey(&token).await, 403, "licence_token_used");
    scene.bed.set_down("redis", false);
    refused(&scene.clearkey(&token).await, 403, "licence_token_used");
}

#[tokio::test]
async fn a_hundred_times_at_once_is_once() {
    let scene = Scene::new().await;
    let token = scene.token();
    let asked = (0..100).map(|_| scene.clearkey(&token));
    let given = futures::future::join_all(asked).await.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(given, 1);
}

#[tokio::test]
async fn strict_terms_are_not_for_clear_keys() {
    let scene = Scene::new().await;
    for (robustness, output) in [("hardware", "any"), ("software", "hdcp_1")] {
        let (robustness, output) = (robustness.to_owned(), output.to_owned());
        let token = signed(&LicenceGrant { robustness, output, ..scene.grant() });
        refused(&scene.clearkey(&token).await, 403, "terms_not_enforced");
        // Nobody answers for the others here.
        refused(&scene.ask("widevine", &token, request(&[])).await, 404, "key_system_not_offered");
    }
}

#[tokio::test]
async fn keys_that_are_to_be_kept_are_not_for_clear_keys() {
    let scene = Scene::new().await;
    let grant = scene.grant();
    let token = signed(&LicenceGrant { kept_until_unix_s: Some(grant.expires_at_unix_s + 86_400), ..grant });
    refused(&scene.clearkey(&token).await, 403, "terms_not_enforced");
}

/// A licence server, which answers as it is told.
struct Server {
    status: AtomicU16,
    asked: Mutex<Vec<(String, HeaderMap, Bytes)>>,
}

impl Server {
    async fn start() -> (Arc<Server>, String) {
        let server = Arc::new(Server { status: AtomicU16::new(200), asked: Mutex::default() });
        let own = Arc::clone(&server);
        let answer = async move |Path(system): Path<String>, headers: HeaderMap, body: Bytes| {
            own.asked.lock().unwrap().push((system, headers, body));
            let status = StatusCode::from_u16(own.status.load(Ordering::SeqCst)).unwrap();
            (status, &b"{\"a\": \"licence\"}"[..]).into_response()
        };
        let url = serve(Router::new().route("/{system}", post(answer))).await;
        (server, url)
    }
}

#[tokio::test]
async fn what_only_a_licence_server_can_answer_is_handed_on_with_the_token() {
    let (server, url) = Server::start().await;
    let scene = Scene::with(Setup { targets: vec![("licences", url)], ..Setup::default() }).await;
    for system in ["widevine", "fairplay", "playready"] {
        let token = signed(&LicenceGrant { robustness: "hardware".to_owned(), ..scene.grant() });
        for (status, code) in [
            (500, "licence_server_unavailable"),
            (429, "licence_server_unavailable"),
            (403, "licence_refused"),
        ] {
            server.status.store(status, Ordering::SeqCst);
            let expected = if code == "licence_refused" { 403 } else { 503 };
            refused(&scene.ask(system, &token, json!({"spc": 1})).await, expected, code);
        }
        server.status.store(200, Ordering::SeqCst);
        let licence = scene.ask(system, &token, json!({"spc": 1})).await;
        assert_eq!((licence.status, &licence.json), (200, &json!({"a": "licence"})));
        assert_eq!(licence.headers["content-type"], "application/octet-stream");
        refused(&scene.ask(system, &token, json!({"spc": 1})).await, 403, "licence_token_used");
        let asked = server.asked.lock().unwrap().pop().unwrap();
        assert_eq!(
            (&*asked.0, &asked.1["authorization"]),
            (system, &format!("Bearer {token}").parse().unwrap())
        );
        assert_eq!(asked.2, &br#"{"spc":1}"#[..]);
    }
    let expired = signed(&LicenceGrant { expires_at_unix_s: 1, ..scene.grant() });
    server.asked.lock().unwrap().clear();
    refused(&scene.ask("widevine", &expired, json!({"spc": 1})).await, 403, "licence_token_expired");
    assert!(server.asked.lock().unwrap().is_empty(), "it is not bothered with what is refused here");
}
