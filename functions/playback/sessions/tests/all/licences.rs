//! Where players of protected videos get their keys: what a start and a renewal say.

use crate::scene::{LIMIT, PLAN_LEVEL, Scene, expect, text};
use jiff::{SignedDuration, Timestamp};
use mcsp_playback_url::{LicenceGrant, Verifier, ring_from_json};
use mcsp_testbed::{LICENCE_TOKEN_KEYS, Reply};
use serde_json::{Value, json};

const KEY_ID: &str = "00010203-0405-0607-0809-0a0b0c0d0e0f";

async fn protected() -> Scene {
    under(r#"{"key_systems": ["clearkey"], "robustness": "software", "output": "any"}"#).await
}

/// A protected video where this is the platform's policy.
async fn under(policy: &str) -> Scene {
    let scene = Scene::where_also("licence_policy", policy.to_owned()).await;
    scene.announce_with(2, json!({"protection": protection()})).await;
    scene
}

fn protection() -> Value {
    json!({"scheme": "cenc", "key_ids": [KEY_ID], "seed_id": "s1"})
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
    let policy =
        r#"{"key_systems": ["clearkey", "widevine"], "robustness": "hardware", "output": "hdcp_2_2"}"#;
    let scene = under(policy).await;
    let licences = expect(scene.start().await, 201)["licences"].take();
    assert_eq!(licences["clearkey"], Value::Null);
    let grant = grant(&scene, &licences["widevine"]);
    assert_eq!((&*grant.robustness, &*grant.output), ("hardware", "hdcp_2_2"));
}

/// Keys may be kept for so long.
const DAYS: u64 = 30;

impl Scene {
    async fn start_offline(&self) -> Reply {
        let body = json!({"video_id": self.video, "device": {"id": "tablet"}, "offline": true});
        self.send(&self.sessions, ("POST", "/v1/playback/sessions"), Some(body)).await
    }

    fn now_s(&self) -> u64 {
        u64::try_from(self.bed.now().as_second()).unwrap()
    }
}

async fn with_offline() -> Scene {
    let policy = r#"{"key_systems": ["clearkey", "widevine"], "robustness": "software", "output": "any"}"#;
    under(&policy.replace('}', &format!(r#", "offline_days": {DAYS}}}"#))).await
}

#[tokio::test]
async fn keys_are_kept_where_that_is_asked_for_by_a_key_system_that_can_end_it() {
    let scene = with_offline().await;
    let session = expect(scene.start_offline().await, 201);
    let licences = &session["licences"];
    assert_eq!(licences["clearkey"], Value::Null, "it would keep them for ever");
    let until_s = grant(&scene, &licences["widevine"]).kept_until_unix_s.unwrap();
    assert_eq!(until_s, scene.now_s() + DAYS * 86_400);
    let told: Timestamp = text(licences, "kept_until").parse().unwrap();
    assert_eq!(u64::try_from(told.as_second()).unwrap(), until_s);
    // What is given to play on, and to whoever only plays, is not kept.
    scene.bed.pass(3_000);
    let renewed = expect(scene.beat(text(&session, "renewal_path"), 1_000).await, 200);
    for licences in [&renewed["licences"], &expect(scene.start().await, 201)["licences"]] {
        assert_eq!(licences["kept_until"], Value::Null);
        assert_eq!(grant(&scene, &licences["widevine"]).kept_until_unix_s, None);
        assert!(licences["clearkey"].is_string());
    }
}

#[tokio::test]
async fn keys_are_not_kept_beyond_the_plan_that_the_video_asks_for() {
    let scene = with_offline().await;
    let until = scene.bed.now() + SignedDuration::from_hours(36);
    let plan = json!({"level": PLAN_LEVEL, "streams": 5, "until": until.to_string()});
    scene.subscribes(plan).await;
    let offered = async || grant(&scene, &expect(scene.start_offline().await, 201)["licences"]["widevine"]);
    assert_eq!(offered().await.kept_until_unix_s, Some(scene.now_s() + DAYS * 86_400), "it asks for none");
    let change =
        json!({"protection": protection(), "visibility": "subscribers", "minimum_plan_level": PLAN_LEVEL});
    scene.announce_with(3, change).await;
    let until_s = u64::try_from(until.as_second()).unwrap();
    assert_eq!(offered().await.kept_until_unix_s, Some(until_s));
    // As it is without the stores.
    scene.seen().await;
    scene.down(&crate::scene::STORES, true);
    assert_eq!(offered().await.kept_until_unix_s, Some(until_s));
}

#[tokio::test]
async fn where_nobody_keeps_keys_it_is_said_before_a_slot_is_taken() {
    let scene = protected().await;
    let refused = scene.start_offline().await;
    assert_eq!((refused.status, refused.code()), (403, "offline_not_offered"));
    for _ in 0..LIMIT {
        expect(scene.start().await, 201);
    }
    let open = with_offline().await;
    open.announce_with(3, json!({"protection": null})).await;
    assert_eq!(expect(open.start_offline().await, 201)["licences"], Value::Null, "it needs no keys");
}
