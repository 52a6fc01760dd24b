//! The images of videos, with the object store that `scripts/test` started.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use content_tests::samples::{
    ACCOUNT, COMPLETED, INITIATED, account, completed, initiated, new_user_id, new_video_id, replaced,
};
use content_tests::{ImageStand, Stand};
use futures::future::join_all;
use mcsp_access::Role;
use mcsp_ids::{UploadId, UserId, VideoId};
use mcsp_testbed::{Reply, new_id, unique};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const PURGE_DUE: &str = "mcsp.content.video.purge_due.v1";
const THUMBNAILS_DUE: &str = "mcsp.content.video.thumbnails_due.v1";
const DAY_S: i64 = 86_400;
/// As many as an owner may give a video.
const OWN_MAX: usize = 10;

/// As far as anybody looks, a PNG of this size; no two are alike.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend(unique().into_bytes());
    bytes
}

fn declaration(content_type: &str, bytes: &[u8]) -> Value {
    let checksum = STANDARD.encode(Sha256::digest(bytes));
    json!({"content_type": content_type, "size_bytes": bytes.len(), "checksum_sha256": checksum})
}

/// What a pipeline tells of images that it has taken.
fn told(video: VideoId, upload: UploadId, count: usize) -> Value {
    let one = |number: usize| {
        json!({"key": format!("thumbnails/{video}/{upload}/{number}.jpg"), "content_type": "image/jpeg",
            "width": 640, "height": 360, "time_ms": 500 * number})
    };
    (1..=count).map(one).collect()
}

/// A published video, of which the pipeline has made two images.
struct Scene {
    images: ImageStand,
    owner: UserId,
    video: VideoId,
    upload: UploadId,
}

impl Scene {
    async fn new() -> Scene {
        let images = ImageStand::new().await;
        let (owner, video) = (new_user_id(), new_video_id());
        let upload = UploadId::from_uuid(video.uuid());
        let scene = Scene { images, owner, video, upload };
        let stand = scene.stand();
        stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(video, owner)).await;
        for number in [1, 2] {
            scene
                .images
                .put(&format!("thumbnails/{video}/{upload}/{number}.jpg"), "image/jpeg", b"a frame")
                .await;
        }
        let mut event = completed(video);
        event["thumbnails"] = told(video, upload, 2);
        stand.events.deliver_until_taken(&unique(), COMPLETED, &event).await;
        let edited = scene.send("PATCH", "", Some(json!({"title": "A walk"}))).await;
        assert_eq!(edited.status, 200, "{}", edited.json);
        let path = format!("/v1/videos/{video}/publish");
        assert_eq!(stand.send_as(owner, &stand.publication, ("POST", &path), None).await.status, 200);
        scene
    }

    fn stand(&self) -> &Stand {
        &self.images.stand
    }

    /// As the video's owner.
    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let path = format!("/v1/videos/{}{path}", self.video);
        self.stand().send_as(self.owner, &self.stand().videos, (method, &path), body).await
    }

    /// As somebody who has not signed in.
    async fn get(&self, path: &str) -> Reply {
        self.stand().videos.send(("GET", &format!("/v1/videos/{}{path}", self.video)), &[], None).await
    }

    async fn list(&self) -> Vec<Value> {
        self.get("/thumbnails").await.json["items"].as_array().unwrap().clone()
    }

    async fn declare(&self, bytes: &[u8]) -> Reply {
        self.send("POST", "/thumbnails", Some(declaration("image/png", bytes))).await
    }

    async fn act(&self, thumbnail: &Value, method: &str, verb: &str) -> Reply {
        let path = format!("/thumbnails/{}{verb}", thumbnail["id"].as_str().unwrap());
        self.send(method, &path, None).await
    }

    /// Declared, sent and completed.
    async fn own(&self, bytes: &[u8]) -> Value {
        let declared = self.declare(bytes).await;
        assert_eq!(declared.status, 201, "{}", declared.json);
        assert_eq!(self.images.send(&declared.json["put"], bytes).await, 200);
        let completed = self.act(&declared.json, "POST", "/complete").await;
        assert_eq!(completed.status, 200, "{}", completed.json);
        completed.json
    }

    /// The keys below the video's that the store has.
    async fn stored(&self) -> Vec<String> {
        self.images.keys(&format!("thumbnails/{}/", self.video)).await
    }

    /// Delivers the timer of these keys, as the bridge does when it is due, and says how many seconds from now that is.
    async fn clear(&self, prefix: &str) -> f64 {
        let question = format!(
            "SELECT extract(epoch FROM due_at - '{}'::timestamptz)::float8 FROM timers WHERE type = '{THUMBNAILS_DUE}' AND key = '{prefix}'",
            self.stand().bed.now()
        );
        let due_in_s = self.stand().bed.ask(&question).await;
        let data = json!({"video_id": self.video, "prefix": prefix});
        let reply = self.stand().events.deliver(&unique(), THUMBNAILS_DUE, &data).await;
        assert_eq!(reply.status, 204, "{}", reply.json);
        due_in_s
    }

    fn prefix(&self, upload: UploadId) -> String {
        format!("thumbnails/{}/{upload}/", self.video)
    }
}

#[tokio::test]
async fn what_the_pipeline_made_is_shown_and_loads() {
    let scene = Scene::new().await;
    let list = scene.list().await;
    let first = &list[0];
    assert_eq!((list.len(), &first["made_by"], &first["is_shown"]), (2, &json!("pipeline"), &json!(true)));
    assert_eq!(
        (&first["width"], &first["height"], &first["time_ms"]),
        (&json!(640), &json!(360), &json!(500))
    );
    let page = scene.get("").await.json;
    assert_eq!(&page["thumbnail"], first);
    assert_eq!(
        &scene.send("GET", "", None).await.json["thumbnail"]["url"],
        &first["url"],
        "the same for an hour"
    );
    let found = scene.stand().search.send(("GET", "/v1/search?q=walk"), &[], None).await.json;
    assert_eq!(&found["items"][0]["thumbnail"], first);
    let path = "/v1/videos";
    let own = scene.stand().send_as(scene.owner, &scene.stand().videos, ("GET", path), None).await.json;
    assert_eq!(&own["items"][0]["thumbnail"], first);

    let loaded = scene.images.load(first).await;
    assert_eq!(
        (loaded.status, loaded.content_type.as_str(), loaded.body.as_slice()),
        (200, "image/jpeg", &b"a frame"[..])
    );
    assert_eq!(loaded.cache_control, "private, max-age=3600, immutable");
    let bare = first["url"].as_str().unwrap().split('?').next().unwrap().to_owned();
    assert_eq!(
        scene.images.load(&json!({"url": bare})).await.status,
        403,
        "nobody reads without a signature"
    );

    let event = scene.stand().bed.emitted(scene.video).await.pop().unwrap().data;
    let key = format!("{}1.jpg", scene.prefix(scene.upload));
    assert_eq!(
        event["thumbnail"],
        json!({"id": first["id"], "key": key, "content_type": "image/jpeg",
        "width": 640, "height": 360})
    );
}

#[tokio::test]
async fn an_owner_sends_an_image_and_has_it_stand_for_the_video() {
    let scene = Scene::new().await;
    let bytes = png(1_280, 720);
    let declared = scene.declare(&bytes).await;
    assert_eq!(declared.status, 201, "{}", declared.json);
    let early = scene.act(&declared.json, "POST", "/complete").await;
    assert_eq!((early.status, early.code()), (409, "object_missing"));
    assert_eq!(scene.list().await.len(), 2);
    let put = &declared.json["put"];
    assert_ne!(scene.images.send(put, &png(1_280, 720)).await, 200, "other bytes of the same size");
    assert_ne!(scene.images.send(put, &bytes[1..]).await, 200, "of another size");
    assert_eq!(scene.images.send(put, &bytes).await, 200);
    let made = scene.act(&declared.json, "POST", "/complete").await;
    assert_eq!(made.status, 200, "{}", made.json);
    assert_eq!((&made.json["width"], &made.json["height"]), (&json!(1_280), &json!(720)));
    assert_eq!((&made.json["made_by"], &made.json["is_shown"]), (&json!("owner"), &json!(false)));
    let told = scene.stand().bed.emitted(scene.video).await;
    assert_eq!(told.last().unwrap().kind, "mcsp.content.video.thumbnails_changed.v1");
    assert_eq!(
        scene.act(&declared.json, "POST", "/complete").await.json,
        made.json,
        "once complete it stays so"
    );
    assert_eq!(scene.stand().bed.emitted(scene.video).await, told);
    assert_eq!(scene.images.load(&made.json).await.body, bytes);

    let selected = scene.act(&made.json, "PUT", "/select").await;
    assert_eq!((selected.status, &selected.json["is_shown"]), (200, &json!(true)));
    let page = scene.get("").await;
    assert_eq!(page.json["thumbnail"], selected.json);
    assert_eq!(page.headers["etag"], selected.headers["etag"]);
    let event = scene.stand().bed.emitted(scene.video).await.pop().unwrap().data;
    assert_eq!(event["thumbnail"]["id"], made.json["id"]);

    let bearer = scene.stand().bed.bearer(scene.owner, Role::Creator);
    let path = format!("/v1/videos/{}/thumbnails/{}", scene.video, made.json["id"].as_str().unwrap());
    for (method, path) in [("PUT", format!("{path}/select")), ("DELETE", path.clone())] {
        let headers = [("authorization", bearer.as_str()), ("if-match", "\"1\"")];
        let stale = scene.stand().videos.send((method, &path), &headers, None).await;
        assert_eq!((stale.status, stale.code()), (412, "stale"));
    }
    assert_eq!(scene.act(&made.json, "DELETE", "").await.status, 204);
    assert_eq!(scene.get("").await.json["thumbnail"]["made_by"], "pipeline", "the first one again");
    assert_eq!(scene.images.load(&made.json).await.status, 404);
    assert_eq!(scene.act(&made.json, "DELETE", "").await.status, 204, "it stays away");
    assert_eq!(scene.act(&made.json, "POST", "/complete").await.status, 404);
    assert_eq!(scene.act(&made.json, "PUT", "/select").await.status, 404);
    // Who has the URL still can send it again.
    assert_eq!(scene.images.send(put, &bytes).await, 200);
    let key = format!("thumbnails/{}/{}", scene.video, made.json["id"].as_str().unwrap());
    assert!(scene.stored().await.contains(&key));
    assert!(scene.clear(&key).await > 3_600.0, "by then no URL is good");
    assert_eq!(scene.stored().await.len(), 2);
}

#[tokio::test]
async fn what_is_not_the_image_that_was_declared_is_removed() {
    let scene = Scene::new().await;
    let cases = [
        ("image/png", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(), "content_type_mismatch"),
        ("image/jpeg", png(10, 10), "content_type_mismatch"),
        ("image/png", png(10, 10)[..20].to_vec(), "image_unreadable"),
        ("image/png", png(10_000, 10), "image_too_large"),
    ];
    for (content_type, bytes, code) in cases {
        let declared = scene.send("POST", "/thumbnails", Some(declaration(content_type, &bytes))).await.json;
        assert_eq!(scene.images.send(&declared["put"], &bytes).await, 200);
        let refused = scene.act(&declared, "POST", "/complete").await;
        assert_eq!((refused.status, refused.code()), (422, code));
        assert_eq!(scene.act(&declared, "POST", "/complete").await.status, 404);
        assert_eq!(scene.stored().await.len(), 2, "{code}");
    }
    // Bytes that came otherwise than by the URL.
    let bytes = png(10, 10);
    let other = png(10, 10);
    for (put, code) in [(&bytes[1..], "size_mismatch"), (&other[..], "checksum_mismatch")] {
        let declared = scene.declare(&bytes).await.json;
        let key = format!("thumbnails/{}/{}", scene.video, declared["id"].as_str().unwrap());
        scene.images.put(&key, "image/png", put).await;
        let refused = scene.act(&declared, "POST", "/complete").await;
        assert_eq!((refused.status, refused.code()), (422, code));
        assert_eq!(scene.stored().await.len(), 2);
    }
    assert_eq!(scene.list().await.len(), 2);
}

#[tokio::test]
async fn what_will_not_do_is_told_at_its_place() {
    let scene = Scene::new().await;
    let good = || declaration("image/png", b"an image");
    for (field, value, code) in [
        ("content_type", json!("image/svg+xml"), "content_type_not_allowed"),
        ("size_bytes", json!(0), "too_small"),
        ("size_bytes", json!(2 * 1024 * 1024 + 1), "too_large"),
        ("checksum_sha256", json!("c0ffee"), "invalid_checksum"),
    ] {
        let mut body = good();
        body[field] = value;
        let refused = scene.send("POST", "/thumbnails", Some(body)).await;
        let error = &refused.json["errors"][0];
        assert_eq!(refused.status, 422);
        assert_eq!((&error["pointer"], &error["code"]), (&json!(format!("/{field}")), &json!(code)));
    }
    let stand = scene.stand();
    let path = format!("/v1/videos/{}/thumbnails", scene.video);
    let stranger = stand.send_as(new_user_id(), &stand.videos, ("POST", &path), Some(good())).await;
    assert_eq!((stranger.status, stranger.code()), (404, "not_found"));
    let made = scene.list().await.remove(0);
    let kept = scene.act(&made, "DELETE", "").await;
    assert_eq!((kept.status, kept.code()), (409, "thumbnail_not_own"));
}

#[tokio::test]
async fn of_any_number_at_once_as_many_are_taken_as_there_is_room_for() {
    let scene = Scene::new().await;
    let own = scene.own(&png(10, 10)).await;
    let declared = join_all((0..OWN_MAX + 5).map(async |_| scene.declare(&png(10, 10)).await)).await;
    let taken: Vec<_> = declared.iter().filter(|reply| reply.status == 201).collect();
    assert_eq!(taken.len(), OWN_MAX - 1);
    assert!(declared.iter().all(|reply| reply.status == 201 || reply.code() == "too_many_thumbnails"));
    assert_eq!(scene.act(&taken[0].json, "DELETE", "").await.status, 204);
    assert_eq!(scene.act(&own, "DELETE", "").await.status, 204);
    assert_eq!((scene.declare(b"1").await.status, scene.declare(b"2").await.status), (201, 201));
    assert_eq!(scene.declare(b"3").await.code(), "too_many_thumbnails");
    // An hour later nobody waits for them any more.
    scene
        .stand()
        .bed
        .execute("UPDATE thumbnail_uploads SET expires_at = expires_at - interval '61 minutes'")
        .await;
    let late = scene.act(&taken[1].json, "POST", "/complete").await;
    assert_eq!((late.status, late.code()), (409, "upload_expired"));
    assert_eq!(scene.declare(b"4").await.status, 201);
    let key = format!("thumbnails/{}/{}", scene.video, taken[1].json["id"].as_str().unwrap());
    scene.images.put(&key, "image/png", b"too late").await;
    scene.clear(&key).await;
    assert_eq!(scene.stored().await.len(), 2);
    assert_eq!(scene.stand().bed.ask::<i64>("SELECT count(*) FROM thumbnail_uploads").await, 1);
}

#[tokio::test]
async fn completing_at_once_gives_one_image_and_a_repeated_key_one_declaration() {
    let scene = Scene::new().await;
    let bytes = png(10, 10);
    let bearer = scene.stand().bed.bearer(scene.owner, Role::Creator);
    let path = format!("/v1/videos/{}/thumbnails", scene.video);
    let declare = async || {
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "a")];
        scene
            .stand()
            .videos
            .send(("POST", &path), &headers, Some(declaration("image/png", &bytes)))
            .await
            .json
    };
    let declared = declare().await;
    assert_eq!(declare().await, declared);
    assert_eq!(scene.images.send(&declared["put"], &bytes).await, 200);
    let all = join_all((0..4).map(async |_| scene.act(&declared, "POST", "/complete").await)).await;
    for reply in &all {
        assert_eq!((reply.status, &reply.json), (200, &all[0].json));
    }
    assert_eq!(scene.list().await.len(), 3);
}

#[tokio::test]
async fn another_file_brings_its_own_images_and_leaves_those_of_the_owner() {
    let scene = Scene::new().await;
    let own = scene.own(&png(10, 10)).await;
    let made = scene.list().await.remove(1);
    assert_eq!(scene.act(&made, "PUT", "/select").await.status, 200);
    let later: UploadId = new_id();
    let mut event = replaced(scene.video, later, 7_000);
    event["thumbnails"] = told(scene.video, later, 1);
    scene.images.put(&format!("{}1.jpg", scene.prefix(later)), "image/jpeg", b"another frame").await;
    for _ in 0..2 {
        assert_eq!(scene.stand().events.deliver(&unique(), COMPLETED, &event).await.status, 204);
    }
    let list = scene.list().await;
    assert_eq!((list.len(), &list[1]["id"]), (2, &own["id"]));
    assert_eq!(scene.get("").await.json["thumbnail"], list[0], "what was chosen is gone");
    assert_eq!(scene.images.load(&list[0]).await.body, b"another frame");
    // Pages that are open show them still.
    assert_eq!(scene.images.load(&made).await.status, 200);
    assert!(scene.clear(&scene.prefix(scene.upload)).await > 7_200.0);
    assert_eq!(scene.images.load(&made).await.status, 404);
    assert_eq!(scene.stored().await.len(), 2);
    // Of a file that comes too late nothing stays.
    let mut event = replaced(scene.video, scene.upload, 9_000);
    event["thumbnails"] = told(scene.video, scene.upload, 1);
    scene.images.put(&format!("{}1.jpg", scene.prefix(scene.upload)), "image/jpeg", b"late").await;
    assert_eq!(scene.stand().events.deliver(&unique(), COMPLETED, &event).await.status, 204);
    scene.clear(&scene.prefix(scene.upload)).await;
    assert_eq!(scene.stored().await.len(), 2);
    assert_eq!(scene.list().await, list);
}

#[tokio::test]
async fn what_a_pipeline_cannot_have_made_is_not_believed() {
    let images = ImageStand::new().await;
    let (owner, video) = (new_user_id(), new_video_id());
    let upload = UploadId::from_uuid(video.uuid());
    let events = &images.stand.events;
    events.deliver_until_taken(&unique(), INITIATED, &initiated(video, owner)).await;
    let with = |thumbnails: Value| {
        let mut event = completed(video);
        event["thumbnails"] = thumbnails;
        event
    };
    let mut elsewhere = told(video, upload, 1);
    elsewhere[0]["key"] = json!(format!("thumbnails/{}/{upload}/1.jpg", new_video_id()));
    let mut endless = told(video, upload, 1);
    endless[0]["height"] = json!(100_000);
    let mut typed = told(video, upload, 1);
    typed[0]["content_type"] = json!("text/html");
    for bad in [elsewhere, endless, typed, told(video, upload, 17)] {
        let reply = events.deliver(&unique(), COMPLETED, &with(bad.clone())).await;
        assert_eq!((reply.status, reply.code()), (422, "malformed_event"), "{bad}");
    }
    assert_eq!(events.deliver(&unique(), COMPLETED, &with(told(video, upload, 16))).await.status, 204);
    let path = format!("/v1/videos/{video}/thumbnails");
    let list = images.stand.send_as(owner, &images.stand.videos, ("GET", &path), None).await.json;
    assert_eq!(list["items"].as_array().unwrap().len(), 16);
}

#[tokio::test]
async fn to_whom_the_video_is_hidden_its_images_do_not_exist() {
    let scene = Scene::new().await;
    let path = format!("/v1/videos/{}/visibility", scene.video);
    let private = Some(json!({"visibility": "private"}));
    let stand = scene.stand();
    assert_eq!(stand.send_as(scene.owner, &stand.publication, ("PUT", &path), private).await.status, 200);
    let hidden = scene.get("/thumbnails").await;
    assert_eq!((hidden.status, hidden.code()), (404, "not_found"));
    assert_eq!(scene.send("GET", "/thumbnails", None).await.status, 200);
}

#[tokio::test]
async fn with_a_video_that_is_purged_all_its_images_go_also_where_the_store_was_away() {
    let scene = Scene::new().await;
    scene.own(&png(10, 10)).await;
    let pending = scene.declare(b"still to be sent").await.json;
    assert_eq!(scene.send("DELETE", "", None).await.status, 200);
    assert_eq!(scene.act(&pending, "POST", "/complete").await.status, 404);
    scene.stand().bed.pass(31 * DAY_S);
    let due = json!({"video_id": scene.video});
    assert_eq!(scene.stand().events.deliver(&unique(), PURGE_DUE, &due).await.status, 204);
    scene.stand().bed.pass(-31 * DAY_S);
    assert_eq!(scene.stand().bed.ask::<i64>("SELECT count(*) FROM thumbnail_uploads").await, 0);
    assert_eq!(scene.stored().await.len(), 3);
    let prefix = format!("thumbnails/{}/", scene.video);
    scene.stand().bed.set_down("object-store", true);
    let data = json!({"video_id": scene.video, "prefix": prefix});
    let away = scene.stand().events.deliver(&unique(), THUMBNAILS_DUE, &data).await;
    assert_eq!(away.status, 503, "it comes again");
    scene.stand().bed.set_down("object-store", false);
    scene.clear(&prefix).await;
    assert!(scene.stored().await.is_empty());
}

#[tokio::test]
async fn of_an_owner_who_is_erased_no_image_stays() {
    let scene = Scene::new().await;
    scene.own(&png(10, 10)).await;
    let erased = account(scene.owner, 2, "erased");
    for _ in 0..2 {
        scene.stand().events.deliver_until_taken(&unique(), ACCOUNT, &erased).await;
    }
    assert!(scene.send("GET", "/thumbnails", None).await.json["items"].as_array().unwrap().is_empty());
    scene.clear(&format!("thumbnails/{}/", scene.video)).await;
    assert!(scene.stored().await.is_empty());
    // Another file was in the pipeline.
    let later: UploadId = new_id();
    scene.images.put(&format!("{}1.jpg", scene.prefix(later)), "image/jpeg", b"another frame").await;
    let mut event = replaced(scene.video, later, 7_000);
    event["thumbnails"] = told(scene.video, later, 1);
    scene.stand().events.deliver_until_taken(&unique(), COMPLETED, &event).await;
    let kept = scene.send("GET", "", None).await.json;
    assert_eq!((&kept["duration_ms"], &kept["thumbnail"]), (&json!(7_000), &Value::Null));
    assert!(scene.clear(&scene.prefix(later)).await < 60.0, "at once");
    assert!(scene.stored().await.is_empty());
}

#[tokio::test]
async fn of_a_file_that_is_in_the_pipeline_when_its_owner_is_erased_no_image_stays() {
    let images = ImageStand::new().await;
    let nobody = new_user_id();
    let mut scene = Scene { images, owner: nobody, video: new_video_id(), upload: new_id() };
    for case in 0..8 {
        let (is_draft, outcome_first, erased_first) = (case & 1 > 0, case & 2 > 0, case & 4 > 0);
        let owner = new_user_id();
        let mut video = new_video_id();
        if is_draft {
            let stand = scene.stand();
            let draft = stand.send_as(owner, &stand.videos, ("POST", "/v1/videos"), Some(json!({}))).await;
            video = draft.json["id"].as_str().unwrap().parse().unwrap();
        }
        scene = Scene { owner, video, upload: UploadId::from_uuid(video.uuid()), ..scene };
        let prefix = scene.prefix(scene.upload);
        scene.images.put(&format!("{prefix}1.jpg"), "image/jpeg", b"a frame").await;
        let mut outcome = completed(video);
        outcome["thumbnails"] = told(video, scene.upload, 1);
        let mut events = vec![(INITIATED, initiated(video, owner)), (COMPLETED, outcome)];
        if outcome_first {
            events.reverse();
        }
        events.insert(usize::from(!erased_first), (ACCOUNT, account(owner, 2, "erased")));
        for (kind, data) in &events {
            scene.stand().events.deliver_until_taken(&unique(), kind, data).await;
        }
        let kept = scene.send("GET", "", None).await.json;
        assert_eq!((&kept["duration_ms"], &kept["thumbnail"]), (&json!(2_000), &Value::Null), "{case}");
        assert!(scene.clear(&prefix).await < 60.0, "{case}");
        assert!(scene.stored().await.is_empty(), "{case}");
    }
}
