//! Where players of protected videos get their keys: what a start and a renewal say.

use crate::scene::{RING, SESSIONS, Scene, expect, text};
use mcsp_playback_url::{LicenceGrant, Verifier, ring_from_json};
use mcsp_testbed::{LICENCE_TOKEN_KEYS, Setup};
use serde_json::{Value, json};

const KEY_ID: &str = "00010203-0405-0607-0809-0a0b0c0d0e0f";

async fn protected() -> Scene {
    let scene = Scene::new().await;
    let protection = json!({"scheme": "cenc", "key_ids": [KEY_ID], "seed_id": "s1"});
    scene.announce_with(2, json!({"protection": protection})).await;
    scene
}

/// What is in the token of a path.
fn grant(scene: &Scene, path: &Value) -> LicenceGrant {
    let (_, token) = path.as_str().unwrap().split_once("?token=").unwrap();
    let verifier = Verifier::new(ring_from_json(LICENCE_TOKEN_KEYS).unwrap());
    verifier.verify_licence(token, u64::try_from(scene.bed.now().as_second()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_protected_video_comes_with_the_path_to_its_keys_and_another_one_does_not() {
    let open = Scene::new().await;
    assert_eq!(expect(open.start().await, 201)["licences"], Value::Null);
    let scene = protected().await;
    let session = expect(scene.start().await, 201);
    let licences = &session["licences"];
    assert!(text(licences, "clearkey").starts_with("/v1/playback/licences/clearkey?token="));
    for other in ["widevine", "fairplay", "playready"] {
        assert_eq!(licences[other], Value::Null, "the configuration offers ClearKey alone");
    }
    let grant = grant(&scene, &licences["clearkey"]);
    assert_eq!(grant.user_id, scene.user.to_string());
    assert_eq!((&*grant.session_id, &*grant.video_id), (text(&session, "id"), text(&session, "video_id")));
    assert_eq!(grant.key_ids, [KEY_ID.parse::<uuid::Uuid>().unwrap()]);
    assert_eq!((&*grant.seed_id, &*grant.robustness, &*grant.output), ("s1", "software", "any"));
    assert_eq!(grant.expires_at_unix_s - grant.issued_at_unix_s, 300);
    let again = expect(scene.start_under("k", "tv").await, 201);
    let replayed = expect(scene.start_under("k", "tv").await, 201);
    assert_eq!((&again["id"], &again["manifests"]), (&replayed["id"], &replayed["manifests"]));
    assert_ne!(again["licences"], replayed["licences"], "a token is good once, so each answer has its own");
}

#[tokio::test]
async fn a_renewal_and_a_start_without_stores_have_one_too() {
    let scene = protected().await;
    let session = scene.seen().await;
    scene.bed.pass(3_000);
    let renewed = expect(scene.beat(text(&session, "renewal_path"), 1_000).await, 200);
    assert_eq!(grant(&scene, &renewed["licences"]["clearkey"]).session_id, text(&session, "id"));
    scene.down(&crate::scene::STORES, true);
    let session = expect(scene.start().await, 201);
    assert_eq!(session["served_from"], "memory");
    assert_eq!(grant(&scene, &session["licences"]["clearkey"]).session_id, text(&session, "id"));
}

#[tokio::test]
async fn clear_keys_are_not_offered_where_the_terms_are_strict() {
    let scene = protected().await;
    let policy =
        r#"{"key_systems": ["clearkey", "widevine"], "robustness": "hardware", "output": "hdcp_2_2"}"#;
    let variables =
        [("cdn_base_url", "http://cdn/"), ("playback_url_keys", RING), ("licence_policy", policy)];
    let variables = variables.map(|(name, value)| (name, value.to_owned())).into();
    let Scene { bed, positions, user, video, .. } = scene;
    let bed = bed.restarted(Setup { variables, ..Setup::default() }).await;
    let sessions = bed.component(SESSIONS, playback_sessions::router);
    let scene = Scene { bed, sessions, positions, user, video };
    let licences = expect(scene.start().await, 201)["licences"].take();
    assert_eq!(licences["clearkey"], Value::Null);
    let grant = grant(&scene, &licences["widevine"]);
    assert_eq!((&*grant.robustness, &*grant.output), ("hardware", "hdcp_2_2"));
}
