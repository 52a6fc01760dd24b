//! Videos that ask for a password.

use content_tests::Stand;
use content_tests::samples::{SUBMITTED, new_user_id, submitted};
use futures::future::join_all;
use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_playback_url::{Verifier, ring_from_json};
use mcsp_testbed::{Reply, VIDEO_ACCESS_KEYS, unique};
use serde_json::{Value, json};

const PASSWORD: &str = "open sesame";

struct Locked {
    stand: Stand,
    owner: UserId,
    video: VideoId,
}

impl Locked {
    /// A published video with two passwords.
    async fn new() -> Locked {
        let stand = Stand::new().await;
        let owner = new_user_id();
        let video = stand.ready_video(owner, "A secret").await;
        let locked = Locked { stand, owner, video };
        assert_eq!(
            locked.set(json!({"visibility": "password", "passwords": [PASSWORD, "käse"]})).await.status,
            200
        );
        let path = format!("/v1/videos/{video}/publish");
        let publication = &locked.stand.publication;
        assert_eq!(locked.stand.send_as(owner, publication, ("POST", &path), None).await.status, 200);
        locked
    }

    async fn set(&self, body: Value) -> Reply {
        let path = format!("/v1/videos/{}/visibility", self.video);
        self.stand.send_as(self.owner, &self.stand.publication, ("PUT", &path), Some(body)).await
    }

    async fn unlock(&self, user: UserId, password: &str) -> Reply {
        let bearer = self.stand.bed.bearer(user, Role::Viewer);
        let path = format!("/v1/videos/{}/unlock", self.video);
        let body = Some(json!({"password": password}));
        self.stand.publication.send(("POST", &path), &[("authorization", &bearer)], body).await
    }

    /// What Playback reads in a grant: of which passwords it is.
    fn version(&self, user: UserId, reply: &Reply) -> u64 {
        assert_eq!(reply.status, 200, "{}", reply.json);
        assert_eq!(reply.headers["cache-control"], "no-store");
        let verifier = Verifier::new(ring_from_json(VIDEO_ACCESS_KEYS).unwrap());
        let now_s = u64::try_from(self.stand.bed.now().as_second()).unwrap();
        let grant = verifier.verify_access(reply.json["access_grant"].as_str().unwrap(), now_s).unwrap();
        assert_eq!((grant.user_id, grant.video_id), (user.to_string(), self.video.to_string()));
        assert_eq!(grant.expires_at_unix_s, now_s + 12 * 3_600);
        grant.passwords_version
    }

    /// What Playback is told.
    async fn told(&self) -> Value {
        self.stand.bed.emitted(self.video).await.pop().unwrap().data
    }
}

#[tokio::test]
async fn whoever_knows_one_of_the_passwords_gets_a_grant_of_them() {
    let locked = Locked::new().await;
    let (viewer, told) = (new_user_id(), locked.told().await);
    assert_eq!((&told["visibility"], &told["passwords_version"]), (&json!("password"), &json!(4)));
    for password in [PASSWORD, "käse", "ka\u{308}se"] {
        assert_eq!(locked.version(viewer, &locked.unlock(viewer, password).await), 4, "{password}");
    }
    let wrong = locked.unlock(viewer, "open says me").await;
    assert_eq!((wrong.status, wrong.code()), (403, "wrong_password"));
    let short = locked.unlock(viewer, "abc").await;
    assert_eq!((short.status, short.code()), (422, "validation_failed"));
}

#[tokio::test]
async fn no_password_is_told_or_shown() {
    let locked = Locked::new().await;
    let path = format!("/v1/videos/{}", locked.video);
    let shown = locked.stand.send_as(locked.owner, &locked.stand.videos, ("GET", &path), None).await;
    let emitted = locked.stand.bed.emitted(locked.video).await;
    let events: Vec<_> = emitted.iter().map(|event| event.data.to_string()).collect();
    for text in events.iter().chain([&shown.json.to_string()]) {
        assert!(!text.contains("sesame") && !text.contains("argon2"), "{text}");
    }
}

#[tokio::test]
async fn new_passwords_are_another_version_and_the_old_ones_are_wrong() {
    let locked = Locked::new().await;
    let viewer = new_user_id();
    assert_eq!(locked.set(json!({"visibility": "password", "passwords": ["another"]})).await.status, 200);
    let told = locked.told().await;
    assert_eq!(told["passwords_version"], told["version"]);
    assert_eq!(locked.unlock(viewer, PASSWORD).await.code(), "wrong_password");
    let version = locked.version(viewer, &locked.unlock(viewer, "another").await);
    assert_eq!(json!(version), told["version"]);
    let again = locked.set(json!({"visibility": "password", "passwords": ["another"]})).await;
    assert_eq!(again.status, 200);
    assert_eq!(
        locked.version(viewer, &locked.unlock(viewer, "another").await),
        version + 1,
        "it ends all grants"
    );
    assert_eq!(locked.set(json!({"visibility": "unlisted"})).await.status, 200);
    assert_eq!(locked.told().await["passwords_version"], json!(null));
    let open = locked.unlock(viewer, "another").await;
    assert_eq!((open.status, open.code()), (409, "not_locked"));
}

#[tokio::test]
async fn passwords_are_forgotten_with_a_draft_that_means_the_video_otherwise() {
    let locked = Locked::new().await;
    let say = async |second, draft| {
        let said = submitted(locked.video, locked.owner, second, draft);
        locked.stand.events.deliver_until_taken(&unique(), SUBMITTED, &said).await;
        locked.stand.bed.ask::<i64>("SELECT count(*) FROM video_passwords").await
    };
    assert_eq!(say(1, json!({"title": "Another secret"})).await, 1);
    assert_eq!(say(2, json!({"title": "No secret", "visibility": "unlisted"})).await, 0);
    let told = locked.told().await;
    assert_eq!((&told["visibility"], &told["passwords_version"]), (&json!("unlisted"), &Value::Null));
}

#[tokio::test]
async fn parallel_guesses_are_counted_and_right_ones_are_not() {
    let locked = Locked::new().await;
    let (guesser, viewer) = (new_user_id(), new_user_id());
    let guesses = join_all((0..30).map(|n| {
        let (locked, guess) = (&locked, format!("guess {n}"));
        async move { locked.unlock(guesser, &guess).await }
    }));
    let guesses = guesses.await;
    let made = guesses.iter().filter(|reply| reply.code() == "wrong_password").count();
    let refused: Vec<_> = guesses.iter().filter(|reply| reply.status == 429).collect();
    // Ten at once. Who is slow may make some more: each waits twice as long as the one before, from a second on.
    assert!((10..=15).contains(&made) && made + refused.len() == 30, "{made} and {}", refused.len());
    assert!(refused.iter().all(|reply| reply.headers.contains_key("retry-after")));
    let wait_s = |reply: &Reply| reply.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap();
    while {
        let reply = locked.unlock(guesser, "one more guess").await;
        reply.status != 429 || wait_s(&reply) < 2
    } {}
    assert_eq!(locked.unlock(guesser, PASSWORD).await.status, 429, "also for the right one");
    for _ in 0..15 {
        assert_eq!(locked.unlock(viewer, PASSWORD).await.status, 200);
    }
}

#[tokio::test]
async fn while_nobody_counts_nobody_guesses() {
    let locked = Locked::new().await;
    locked.stand.bed.set_down("redis", true);
    assert_eq!(locked.unlock(new_user_id(), PASSWORD).await.status, 503);
    locked.stand.bed.set_down("redis", false);
    assert_eq!(locked.unlock(new_user_id(), PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_video_that_is_hidden_can_not_be_unlocked() {
    let locked = Locked::new().await;
    let path = format!("/v1/videos/{}/unpublish", locked.video);
    let publication = &locked.stand.publication;
    assert_eq!(locked.stand.send_as(locked.owner, publication, ("POST", &path), None).await.status, 200);
    let hidden = locked.unlock(new_user_id(), PASSWORD).await;
    assert_eq!((hidden.status, hidden.code()), (404, "not_found"));
    assert_eq!(locked.unlock(locked.owner, PASSWORD).await.status, 200, "its owner may look whether it fits");
}

#[tokio::test]
async fn passwords_that_can_not_be_taken_say_why() {
    let locked = Locked::new().await;
    let six: Vec<_> = (0..6).map(|n| format!("password {n}")).collect();
    for (body, pointer, code) in [
        (json!({"visibility": "password"}), "/passwords", "out_of_range"),
        (json!({"visibility": "password", "passwords": []}), "/passwords", "out_of_range"),
        (json!({"visibility": "password", "passwords": six}), "/passwords", "out_of_range"),
        (json!({"visibility": "password", "passwords": [PASSWORD, "abc"]}), "/passwords/1", "too_short"),
        (json!({"visibility": "password", "passwords": ["a".repeat(129)]}), "/passwords/0", "too_long"),
        (json!({"visibility": "public", "passwords": [PASSWORD]}), "/passwords", "not_for_this_visibility"),
        (
            json!({"visibility": "password", "passwords": [PASSWORD], "minimum_plan_level": 1}),
            "/minimum_plan_level",
            "not_for_this_visibility",
        ),
    ] {
        let reply = locked.set(body).await;
        assert_eq!((reply.status, reply.code()), (422, "validation_failed"), "{}", reply.json);
        let error = &reply.json["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{}", reply.json);
    }
}
