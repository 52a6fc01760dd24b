//! The captions of videos.

use content_tests::Stand;
use content_tests::samples::{ACCOUNT, account, new_user_id, new_video_id};
use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Reply, unique};
use serde_json::{Value, json};

const FILE: &str = "WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nIt rains.\n";
const WEBVTT: &str = "text/vtt";
const PURGE_DUE: &str = "mcsp.content.video.purge_due.v1";

/// A published video.
struct Scene {
    stand: Stand,
    owner: UserId,
    video: VideoId,
}

impl Scene {
    async fn new() -> Scene {
        let stand = Stand::new().await;
        let owner = new_user_id();
        let video = stand.ready_video(owner, "A walk in the hills").await;
        let path = format!("/v1/videos/{video}/publish");
        assert_eq!(stand.send_as(owner, &stand.publication, ("POST", &path), None).await.status, 200);
        Scene { stand, owner, video }
    }

    fn path(&self, language: &str) -> String {
        format!("/v1/videos/{}/captions/{language}", self.video)
    }

    async fn send(
        &self,
        method: &str,
        language: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Reply {
        let bearer = self.stand.bed.bearer(self.owner, Role::Creator);
        let headers: Vec<_> = headers.iter().copied().chain([("authorization", bearer.as_str())]).collect();
        let body = http_body_util::Full::from(body.into());
        self.stand.videos.send_body((method, &self.path(language)), &headers, body).await
    }

    async fn put(&self, language: &str, body: impl Into<Vec<u8>>) -> Reply {
        self.send("PUT", language, &[("content-type", WEBVTT)], body).await
    }

    async fn delete(&self, language: &str) -> Reply {
        self.send("DELETE", language, &[], "").await
    }

    /// As somebody who has not signed in.
    async fn get(&self, language: &str) -> Reply {
        self.stand.videos.send(("GET", &self.path(language)), &[], None).await
    }

    async fn list(&self) -> Value {
        let path = format!("/v1/videos/{}/captions", self.video);
        self.stand.videos.send(("GET", &path), &[], None).await.json
    }

    async fn kept(&self) -> i64 {
        self.stand.bed.ask("SELECT (SELECT count(*) FROM captions) + (SELECT count(*) FROM chapters)").await
    }
}

#[tokio::test]
async fn captions_are_shown_and_told_by_their_languages() {
    let scene = Scene::new().await;
    assert_eq!(scene.list().await, json!({"items": [], "next_cursor": null}));
    let made = scene.put("EN-gb", FILE).await;
    assert_eq!((made.status, &made.json), (201, &json!({"language": "en-GB", "version": 5})));
    assert_eq!(made.headers["etag"], "\"5\"");
    let told = scene.stand.bed.emitted(scene.video).await.pop().unwrap();
    assert_eq!(
        (told.topic.as_str(), told.kind.as_str()),
        ("media.changed", "mcsp.content.video.captions_changed.v1")
    );
    assert_eq!(told.data["caption_languages"], json!(["en-GB"]));
    for spelling in ["en-GB", "en-gb"] {
        let shown = scene.get(spelling).await;
        assert_eq!((shown.status, shown.text.as_str()), (200, FILE));
        assert_eq!(shown.headers["content-type"], "text/vtt;charset=utf-8");
        assert_eq!(shown.headers["x-content-type-options"], "nosniff");
        assert_eq!(shown.headers["etag"], "\"5\"");
    }
    assert_eq!(scene.put("de", FILE.replace("It rains", "Es regnet")).await.status, 201);
    let items = json!([{"language": "de", "version": 6}, {"language": "en-GB", "version": 5}]);
    assert_eq!(scene.list().await["items"], items);
    let page = scene.stand.videos.send(("GET", &format!("/v1/videos/{}", scene.video)), &[], None).await;
    assert_eq!(page.json["caption_languages"], json!(["de", "en-GB"]));

    assert_eq!(scene.delete("en-GB").await.status, 204);
    assert_eq!(scene.get("en-GB").await.code(), "not_found");
    assert_eq!(scene.list().await["items"], json!([{"language": "de", "version": 6}]));
    let told = scene.stand.bed.emitted(scene.video).await;
    assert_eq!(told.last().unwrap().data["caption_languages"], json!(["de"]));
    assert_eq!(scene.delete("en-GB").await.status, 204, "they stay away");
    assert_eq!(scene.stand.bed.emitted(scene.video).await, told);
}

#[tokio::test]
async fn other_captions_take_their_place_and_the_same_ones_change_nothing() {
    let scene = Scene::new().await;
    assert_eq!(scene.put("en", FILE).await.status, 201);
    let told = scene.stand.bed.emitted(scene.video).await;
    let spelled = format!("\u{feff}{}", FILE.replace('\n', "\r\n"));
    let again = scene.put("en", spelled).await;
    assert_eq!((again.status, &again.json["version"]), (200, &json!(5)));
    assert_eq!(scene.stand.bed.emitted(scene.video).await, told);
    let other = FILE.replace("rains", "pours");
    assert_eq!(scene.put("en", other.clone()).await.json["version"], 6);
    assert_eq!(scene.get("en").await.text, other);
    assert_eq!(scene.stand.bed.emitted(scene.video).await.len(), told.len() + 1);
}

#[tokio::test]
async fn only_who_has_seen_the_captions_replaces_or_removes_them() {
    let scene = Scene::new().await;
    let put = async |tag: &str, word: &str| {
        let headers = [("content-type", WEBVTT), ("if-match", tag)];
        scene.send("PUT", "en", &headers, FILE.replace("rains", word)).await.status
    };
    assert_eq!((put("\"1\"", "rains").await, put("\"0\"", "rains").await), (412, 201));
    assert_eq!(scene.put("de", FILE).await.status, 201, "another language is another thing");
    assert_eq!((put("\"0\"", "pours").await, put("\"5\"", "pours").await), (412, 200));
    let delete = async |tag: &str| scene.send("DELETE", "en", &[("if-match", tag)], "").await.status;
    assert_eq!((delete("\"5\"").await, delete("\"7\"").await, delete("\"7\"").await), (412, 204, 412));
}

#[tokio::test]
async fn subrip_is_taken_and_shown_as_webvtt() {
    let scene = Scene::new().await;
    let subrip = "1\r\n00:00:00,500 --> 00:00:01,500\r\nIt rains.\r\n";
    let headers = [("content-type", "Application/X-SubRip; charset=utf-8")];
    assert_eq!(scene.send("PUT", "en", &headers, subrip).await.status, 201);
    assert_eq!(scene.get("en").await.text, FILE.replace("\n\n", "\n\n1\n"));
}

#[tokio::test]
async fn what_is_no_file_of_captions_is_refused_with_its_line() {
    let scene = Scene::new().await;
    for (file, code, detail) in [
        (String::new(), "no_webvtt_header", "line 1: "),
        ("WEBVTT\n\nHello\n".to_owned(), "no_times", "line 3: "),
        (format!("{FILE}\n00:00:03,000 --> 00:00:04,000\n"), "malformed_times", "line 6: "),
        (format!("{FILE}\n00:00:04.000 --> 00:00:03.000\n"), "ends_before_it_begins", "line 6: "),
        (format!("{FILE}\n00:00:00.400 --> 00:00:03.000\n"), "out_of_order", "line 6: "),
        (format!("{FILE}a\u{0}b\n"), "control_character", "line 5: "),
    ] {
        let reply = scene.put("en", file.clone()).await;
        assert_eq!((reply.status, reply.code()), (422, "validation_failed"), "{file}");
        let error = &reply.json["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(""), &json!(code)), "{file}");
        assert!(error["detail"].as_str().unwrap().starts_with(detail), "{error}");
    }
    assert_eq!(scene.put("en", b"WEBVTT\n\n\xff".as_slice()).await.json["errors"][0]["code"], "not_utf8");
    let large = scene.put("en", format!("{FILE}{}", "x".repeat(1024 * 1024))).await;
    assert_eq!((large.status, large.code()), (413, "body_too_large"));
    for headers in [&[][..], &[("content-type", "text/plain")], &[("content-type", "application/json")]] {
        let reply = scene.send("PUT", "en", headers, FILE).await;
        assert_eq!((reply.status, reply.code()), (415, "unsupported_media_type"), "{headers:?}");
    }
    for language in ["english", "en_GB", "e"] {
        let reply = scene.put(language, FILE).await;
        assert_eq!((reply.status, reply.code()), (400, "invalid_id"), "{language}");
    }
    assert_eq!(scene.kept().await, 0);
}

#[tokio::test]
async fn a_video_has_captions_in_50_languages_at_most() {
    let scene = Scene::new().await;
    let languages: Vec<_> = (b'a'..=b'z').flat_map(|first| [b'a', b'b'].map(|last| [first, last])).collect();
    let language = |n: usize| std::str::from_utf8(&languages[n]).unwrap();
    for n in 0..50 {
        assert_eq!(scene.put(language(n), FILE).await.status, 201, "{}", language(n));
    }
    let one_more = scene.put(language(50), FILE).await;
    assert_eq!((one_more.status, one_more.code()), (409, "too_many_captions"));
    assert_eq!(
        scene.put(language(0), FILE.replace("rains", "pours")).await.status,
        200,
        "there is room for others"
    );
    assert_eq!(
        (scene.delete(language(1)).await.status, scene.put(language(50), FILE).await.status),
        (204, 201)
    );
}

#[tokio::test]
async fn nobody_but_the_owner_changes_captions() {
    let scene = Scene::new().await;
    assert_eq!(scene.put("en", FILE).await.status, 201);
    let stranger = Scene { owner: new_user_id(), ..scene };
    for file in [FILE, "no file"] {
        assert_eq!(stranger.put("en", file).await.code(), "not_found", "whatever is in it");
    }
    assert_eq!(stranger.delete("en").await.code(), "not_found");
    assert_eq!(stranger.get("en").await.text, FILE);
    let unknown = Scene { video: new_video_id(), ..stranger };
    assert_eq!((unknown.put("en", FILE).await.status, unknown.get("en").await.status), (404, 404));
}

#[tokio::test]
async fn captions_and_chapters_are_purged_with_their_video() {
    let scene = Scene::new().await;
    let Scene { stand, owner, video } = &scene;
    assert_eq!(scene.put("en", FILE).await.status, 201);
    give_chapters(&scene).await;
    let path = format!("/v1/videos/{video}");
    assert_eq!(stand.send_as(*owner, &stand.videos, ("DELETE", &path), None).await.status, 200);
    assert_eq!(
        (scene.get("en").await.status, scene.put("en", FILE).await.status),
        (404, 404),
        "it is hidden"
    );
    assert_eq!(
        stand.send_as(*owner, &stand.videos, ("POST", &format!("{path}/restore")), None).await.status,
        200
    );
    assert_eq!(scene.get("en").await.text, FILE, "they come back with it");
    assert_eq!(stand.send_as(*owner, &stand.videos, ("DELETE", &path), None).await.status, 200);
    stand.bed.pass(31 * 24 * 3600);
    let due = json!({"video_id": video});
    stand.events.deliver_until_taken(&unique(), PURGE_DUE, &due).await;
    nothing_is_left(&scene).await;
}

#[tokio::test]
async fn captions_and_chapters_are_erased_with_their_owner() {
    let scene = Scene::new().await;
    assert_eq!(scene.put("en", FILE).await.status, 201);
    give_chapters(&scene).await;
    let erased = account(scene.owner, 9, "erased");
    scene.stand.events.deliver_until_taken(&unique(), ACCOUNT, &erased).await;
    nothing_is_left(&scene).await;
}

async fn give_chapters(Scene { stand, owner, video }: &Scene) {
    let body = json!({"chapters": [{"start_ms": 0, "title": "The way up"}]});
    let path = format!("/v1/videos/{video}/chapters");
    assert_eq!(stand.send_as(*owner, &stand.videos, ("PUT", &path), Some(body)).await.status, 200);
    assert!(stand.bed.ask::<bool>("SELECT count(*) = 1 FROM chapters").await);
}

async fn nothing_is_left(scene: &Scene) {
    assert_eq!(scene.kept().await, 0);
    let told = scene.stand.bed.emitted(scene.video).await.pop().unwrap().data;
    assert_eq!((&told["caption_languages"], &told["has_chapters"]), (&json!([]), &json!(false)));
    assert!(scene.stand.bed.ask::<bool>("SELECT bool_and(tracks = '{}') FROM videos").await);
}
