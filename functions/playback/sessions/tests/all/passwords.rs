//! Videos that ask for a password: what was proved to Content counts, with stores and without.

use crate::scene::{STORES, Scene, expect, text};
use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_playback_url::{AccessGrant, Signer, ring_from_json};
use mcsp_testbed::{Reply, VIDEO_ACCESS_KEYS, new_id};
use serde_json::{Value, json};

/// The version of the present passwords.
const VERSION: u64 = 2;
const FOREIGN_KEYS: &str = r#"[{"id":"a1","secret":"a key of nobody, of enough bytes for one"}]"#;

async fn locked() -> Scene {
    let scene = Scene::new().await;
    scene.lock(VERSION).await;
    scene
}

/// What Content signs.
fn signed(keys: &str, user: UserId, video: VideoId, version: u64, expires_at_s: i64) -> String {
    let key = ring_from_json(keys).unwrap().into_iter().next().unwrap();
    Signer::new(key).sign_access(&AccessGrant {
        user_id: user.to_string(),
        video_id: video.to_string(),
        passwords_version: version,
        expires_at_unix_s: u64::try_from(expires_at_s).unwrap(),
    })
}

impl Scene {
    /// The video asks for a password since this version.
    async fn lock(&self, version: u64) {
        self.announce_with(version, json!({"visibility": "password", "passwords_version": version})).await;
    }

    fn grant(&self, version: u64) -> String {
        self.grant_of(self.user, self.video, version)
    }

    fn grant_of(&self, user: UserId, video: VideoId, version: u64) -> String {
        signed(VIDEO_ACCESS_KEYS, user, video, version, self.bed.now().as_second() + 3_600)
    }

    async fn start_with(&self, grant: &str) -> Reply {
        let body = json!({"video_id": self.video, "device": {"id": "tv"}, "access_grant": grant});
        self.send(&self.sessions, ("POST", "/v1/playback/sessions"), Some(body)).await
    }

    async fn plays_with(&self, grant: &str) -> Value {
        let session = expect(self.start_with(grant).await, 201);
        assert_eq!(self.end(&session).await.status, 204);
        session
    }
}

fn is_locked(reply: &Reply) {
    assert_eq!((reply.status, reply.code()), (403, "password_required"), "{}", reply.json);
    assert!(reply.json["detail"].is_string(), "it says what would help");
}

#[tokio::test]
async fn a_yes_to_those_who_know_is_none_to_others() {
    let scene = locked().await;
    for _ in 0..2 {
        is_locked(&scene.start().await);
        scene.plays_with(&scene.grant(VERSION)).await;
        is_locked(&scene.start().await);
    }
    let other = Scene { user: new_id(), ..scene };
    is_locked(&other.start().await);
    other.plays_with(&other.grant(VERSION)).await;
}

#[tokio::test]
async fn a_proof_of_something_else_proves_nothing() {
    let scene = locked().await;
    let now_s = scene.bed.now().as_second();
    let (user, video) = (scene.user, scene.video);
    for (what, grant) in [
        ("another account's", scene.grant_of(new_id(), video, VERSION)),
        ("of another video", scene.grant_of(user, new_id(), VERSION)),
        ("of earlier passwords", scene.grant(VERSION - 1)),
        ("of passwords to come", scene.grant(VERSION + 1)),
        ("expired", signed(VIDEO_ACCESS_KEYS, user, video, VERSION, now_s)),
        ("signed by nobody", signed(FOREIGN_KEYS, user, video, VERSION, now_s + 3_600)),
        ("none", "open sesame".to_owned()),
    ] {
        let reply = scene.start_with(&grant).await;
        assert_eq!((reply.status, reply.code()), (403, "password_required"), "{what}");
    }
    scene.plays_with(&scene.grant(VERSION)).await;
}

#[tokio::test]
async fn new_passwords_end_what_earlier_ones_opened() {
    let scene = locked().await;
    let session = expect(scene.start_with(&scene.grant(VERSION)).await, 201);
    scene.bed.pass(3_000);
    let path = text(&session, "renewal_path").to_owned();
    let renewed = expect(scene.beat(&path, 1_000).await, 200);
    assert!(renewed["manifests"].is_object(), "the session carries the proof on: {renewed}");
    let path = text(&renewed, "renewal_path").to_owned();
    scene.lock(VERSION + 1).await;
    scene.bed.pass(3_000);
    is_locked(&scene.beat(&path, 2_000).await);
    is_locked(&scene.start_with(&scene.grant(VERSION)).await);
    scene.plays_with(&scene.grant(VERSION + 1)).await;
    scene.announce(VERSION + 2, "unlisted").await;
    expect(scene.start().await, 201);
}

#[tokio::test]
async fn without_stores_too() {
    let scene = locked().await;
    scene.plays_with(&scene.grant(VERSION)).await;
    scene.until_the_video_is_remembered().await;
    scene.down(&STORES, true);
    is_locked(&scene.start().await);
    is_locked(&scene.start_with(&scene.grant(VERSION - 1)).await);
    assert_eq!(expect(scene.start_with(&scene.grant(VERSION)).await, 201)["served_from"], "memory");
}

#[tokio::test]
async fn its_owner_needs_none() {
    let scene = locked().await;
    let own = Scene { user: UserId::from_uuid(uuid::Uuid::from_u128(7)), ..scene };
    for _ in 0..2 {
        let session = expect(own.start().await, 201);
        assert_eq!(own.end(&session).await.status, 204);
    }
}

#[tokio::test]
async fn an_explanation_can_suppose_that_it_was_given() {
    let scene = locked().await;
    let bearer = scene.bed.bearer(new_id(), Role::Moderator);
    for (unlocked, reason) in [(false, json!("password_required")), (true, json!(null))] {
        let body =
            json!({"user_id": scene.user, "video_id": scene.video, "region": "eu", "unlocked": unlocked});
        let headers = [("authorization", bearer.as_str())];
        let reply = scene.sessions.send(("POST", "/v1/playback/explain"), &headers, Some(body)).await;
        let explained = expect(reply, 200);
        assert_eq!(
            (&explained["reason"], &explained["facts"]["video"]["value"]["visibility"]),
            (&reason, &json!("password"))
        );
    }
}
