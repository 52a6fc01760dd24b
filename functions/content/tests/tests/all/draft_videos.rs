//! `POST /v1/videos`: a video is there before its file, and goes on from there when it comes.

use content_tests::Stand;
use content_tests::samples::{
    ACCOUNT, COMPLETED, FAILED, INITIATED, SUBMITTED, account, completed, failed, initiated, new_user_id,
    new_video_id, replaced, submitted,
};
use futures::future::join_all;
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{BRIDGE_TOKEN, Reply, new_id, unique};
use serde_json::{Value, json};

/// As many as one owner may have.
const DRAFTS_MAX: i64 = 1_000;
const RACING_VIDEOS: usize = 20;

async fn create(stand: &Stand, owner: UserId, body: Value) -> Reply {
    stand.send_as(owner, &stand.videos, ("POST", "/v1/videos"), Some(body)).await
}

async fn created(stand: &Stand, owner: UserId, body: Value) -> VideoId {
    let reply = create(stand, owner, body).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    reply.json["id"].as_str().unwrap().parse().unwrap()
}

async fn seen(stand: &Stand, owner: UserId, video: VideoId) -> Value {
    stand.send_as(owner, &stand.videos, ("GET", &format!("/v1/videos/{video}")), None).await.json
}

async fn kinds(stand: &Stand, video: VideoId) -> Vec<String> {
    let told = stand.bed.emitted(video).await;
    assert!(told.iter().all(|event| event.topic == "media.changed"));
    told.into_iter().map(|event| event.kind.replace("mcsp.content.video.", "")).collect()
}

#[tokio::test]
async fn a_draft_is_all_that_was_said_of_it_and_its_owners_alone() {
    let stand = Stand::new().await;
    let (owner, title) = (new_user_id(), format!("w{}", unique()));
    let said = json!({
        "title": format!(" {title} "), "description": "An hour\r\nin the rain.", "tags": ["Hiking", "hiking"], "category": "travel",
        "language": "en-gb", "minimum_age": 16, "licence": "cc0", "made_for_kids": false,
        "custom_fields": {"camera": "a phone"}, "visibility": "subscribers", "minimum_plan_level": 3,
    });
    let reply = create(&stand, owner, said).await;
    assert_eq!((reply.status, reply.headers["etag"].to_str().unwrap()), (201, "\"1\""), "{}", reply.json);
    let draft = reply.json;
    let path = reply.headers["location"].to_str().unwrap();
    assert_eq!(path, format!("/v1/videos/{}", draft["id"].as_str().unwrap()));
    let expected = json!({
        "owner_id": owner, "state": "draft", "title": title, "description": "An hour\nin the rain.", "tags": ["hiking"],
        "category": "travel", "language": "en-GB", "minimum_age": 16, "licence": "cc0", "made_for_kids": false,
        "custom_fields": {"camera": "a phone"}, "visibility": "subscribers", "minimum_plan_level": 3,
        "duration_ms": null, "renditions": [], "published_at": null, "version": 1,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&draft[field], value, "{field}");
    }
    let video: VideoId = draft["id"].as_str().unwrap().parse().unwrap();
    let mut page = draft.clone();
    page["thumbnail"] = Value::Null;
    assert_eq!(seen(&stand, owner, video).await, page);
    let told = stand.bed.emitted(video).await;
    assert_eq!((told.len(), told[0].kind.as_str()), (1, "mcsp.content.video.created.v1"));
    assert_eq!((told[0].topic.as_str(), &told[0].data["state"]), ("media.changed", &json!("draft")));
    let bearer = format!("Bearer {BRIDGE_TOKEN}");
    let headers = [("authorization", bearer.as_str())];
    let catalog = stand.catalog.send(("GET", &format!("/v1/catalog/{video}")), &headers, None).await;
    assert_eq!(catalog.json, told[0].data);

    for query in ["", "?state=draft"] {
        let listed =
            stand.send_as(owner, &stand.videos, ("GET", &format!("/v1/videos{query}")), None).await.json;
        assert_eq!(listed["items"], json!([page]));
    }
    let public = Some(json!({"visibility": "public"}));
    let visibility = format!("{path}/visibility");
    assert_eq!(stand.send_as(owner, &stand.publication, ("PUT", &visibility), public).await.status, 200);
    assert_eq!(stand.videos.send(("GET", path), &[], None).await.status, 404);
    assert_eq!(stand.get_from(Some((new_user_id(), "eu")), &stand.videos, path).await.status, 404);
    for who in [None, Some((owner, "eu"))] {
        let found = stand.get_from(who, &stand.search, &format!("/v1/search?q={title}")).await.json;
        assert_eq!(found["items"], json!([]));
    }
    let moderator = stand.bed.bearer(new_user_id(), Role::Moderator);
    let explain = format!("{path}/explain-visibility");
    let why = stand.publication.send(("GET", &explain), &[("authorization", &moderator)], None).await.json;
    assert_eq!(why["by_link"], json!({"shown": false, "hidden_by": ["not_published"]}), "{why}");
    assert_eq!(why["facts"]["state"], json!({"value": "draft", "told_by": "owner"}));
    assert_eq!(why["facts"]["owner_id"]["told_by"], "owner");
}

#[tokio::test]
async fn what_will_not_do_is_told_all_at_once_and_makes_no_draft() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let bad = json!({
        "title": "x".repeat(101), "tags": [""], "category": "No Slug", "minimum_age": 13, "minimum_plan_level": 2,
    });
    let refused = create(&stand, owner, bad).await;
    let errors = refused.json["errors"].as_array().unwrap().iter();
    let pointers: Vec<_> = errors.map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(refused.status, 422);
    assert_eq!(pointers, ["/title", "/tags/0", "/category", "/minimum_age", "/minimum_plan_level"]);
    for malformed in [json!({"visibility": "password"}), json!({"regions": {}}), json!({"title": 1})] {
        assert_eq!(create(&stand, owner, malformed).await.code(), "invalid_request");
    }
    let viewer = stand.bed.bearer(owner, Role::Viewer);
    let refused =
        stand.videos.send(("POST", "/v1/videos"), &[("authorization", &viewer)], Some(json!({}))).await;
    assert_eq!((refused.status, refused.code()), (403, "insufficient_permission"));
    assert_eq!(stand.videos.send(("POST", "/v1/videos"), &[], Some(json!({}))).await.status, 401);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM videos").await, 0);
}

#[tokio::test]
async fn a_key_begins_one_draft() {
    let stand = Stand::new().await;
    let bearer = stand.bed.bearer(new_user_id(), Role::Creator);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k1")];
    let send = async |body| stand.videos.send(("POST", "/v1/videos"), &headers, Some(body)).await;
    let first = send(json!({"title": "A walk"})).await;
    let again = send(json!({"title": "A walk"})).await;
    assert_eq!((first.status, again.status, &first.json), (201, 201, &again.json));
    assert_eq!(first.headers["location"], again.headers["location"]);
    assert_eq!(send(json!({})).await.code(), "idempotency_key_reused");
}

#[tokio::test]
async fn of_any_number_at_once_as_many_are_made_as_there_is_room_for() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let deleted = created(&stand, owner, json!({})).await;
    let path = format!("/v1/videos/{deleted}");
    assert_eq!(stand.send_as(owner, &stand.videos, ("DELETE", &path), None).await.status, 200);
    let copies = DRAFTS_MAX - 4;
    stand
        .bed
        .execute(&format!(
            "INSERT INTO videos (id, owner_id, region, version, state, visibility, description, tags, created_at, updated_at) \
             SELECT gen_random_uuid(), owner_id, region, 1, 'draft', visibility, description, tags, created_at, updated_at \
             FROM videos, generate_series(1, {copies})"
        ))
        .await;
    let replies = join_all((0..8).map(|_| create(&stand, owner, json!({})))).await;
    let (made, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!(made.len(), 3);
    for reply in refused {
        assert_eq!((reply.status, reply.code()), (409, "too_many_drafts"));
    }
    created(&stand, new_user_id(), json!({})).await;
    // One with its file is none any more, and a purged one is nothing.
    let video: VideoId = made[0].json["id"].as_str().unwrap().parse().unwrap();
    stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(video, owner)).await;
    created(&stand, owner, json!({})).await;
    assert_eq!(create(&stand, owner, json!({})).await.code(), "too_many_drafts");
    stand.bed.pass(31 * 24 * 3_600);
    let kind = "mcsp.content.video.purge_due.v1";
    assert_eq!(stand.events.deliver(&unique(), kind, &json!({"video_id": deleted})).await.status, 204);
    created(&stand, owner, json!({})).await;
    assert_eq!(create(&stand, owner, json!({})).await.code(), "too_many_drafts");
}

#[tokio::test]
async fn it_goes_on_with_its_file_whichever_event_comes_first() {
    let stand = Stand::new().await;
    for (outcome_first, good) in [(false, true), (true, true), (false, false), (true, false)] {
        let owner = new_user_id();
        let video = created(&stand, owner, json!({"title": "A walk", "visibility": "unlisted"})).await;
        let outcome = if good { (COMPLETED, completed(video)) } else { (FAILED, failed(video)) };
        let mut events = [(INITIATED, initiated(video, owner)), outcome];
        if outcome_first {
            events.reverse();
        }
        let (first, second) = (unique(), unique());
        for (id, (kind, data)) in [&first, &second, &first, &second].into_iter().zip(events.iter().cycle()) {
            assert_eq!(stand.events.deliver(id, kind, data).await.status, 204);
            if outcome_first && id == &first {
                let state = seen(&stand, owner, video).await["state"].clone();
                assert!(state != "processing", "the outcome waits, and is there with the file");
            }
        }
        let state = if good { "ready" } else { "failed" };
        let video_seen = seen(&stand, owner, video).await;
        assert_eq!((&video_seen["state"], &video_seen["version"]), (&json!(state), &json!(3)));
        assert_eq!((&video_seen["title"], &video_seen["visibility"]), (&json!("A walk"), &json!("unlisted")));
        assert_eq!(kinds(&stand, video).await, ["created.v1", "uploaded.v1", &format!("{state}.v1")]);
        let publish = format!("/v1/videos/{video}/publish");
        let published = stand.send_as(owner, &stand.publication, ("POST", &publish), None).await;
        assert_eq!(published.status, if good { 200 } else { 409 }, "{}", published.json);
    }
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM early_outcomes").await, 0);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM videos WHERE upload_id IS NULL").await, 0);
}

#[tokio::test]
async fn its_events_and_its_owner_at_the_same_time_lose_nothing() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let mut videos = Vec::new();
    for _ in 0..RACING_VIDEOS {
        videos.push(created(&stand, owner, json!({})).await);
    }
    for pair in videos.chunks(2) {
        join_all(pair.iter().map(|video| async {
            let (upload, outcome) = (initiated(*video, owner), completed(*video));
            let (first, second) = (unique(), unique());
            let path = format!("/v1/videos/{}/regions", *video);
            let regions = Some(json!({"allow": ["eu"], "deny": []}));
            let (.., edited) = tokio::join!(
                stand.events.deliver_until_taken(&first, INITIATED, &upload),
                stand.events.deliver_until_taken(&second, COMPLETED, &outcome),
                stand.events.deliver_until_taken(&first, INITIATED, &upload),
                stand.send_as(owner, &stand.publication, ("PUT", &path), regions),
            );
            assert_eq!(edited.status, 200, "{}", edited.json);
        }))
        .await;
    }
    for video in videos {
        let video = seen(&stand, owner, video).await;
        assert_eq!((&video["state"], &video["version"]), (&json!("ready"), &json!(4)));
        assert_eq!(video["regions"]["allow"], json!(["eu"]));
    }
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM early_outcomes").await, 0);
}

#[tokio::test]
async fn a_draft_can_be_changed_planned_and_given_captions_but_not_published() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = created(&stand, owner, json!({})).await;
    let path = format!("/v1/videos/{video}");
    let at = |verb: &str| format!("{path}/{verb}");
    let send = async |component, method: &str, path: String, body: Value| {
        stand.send_as(owner, component, (method, &path), Some(body)).await
    };
    let publish_at = Timestamp::from_second(stand.bed.now().as_second() + 3_600).unwrap();
    let plan = json!({"publish_at": publish_at});
    let untitled = send(&stand.publication, "PUT", at("schedule"), plan.clone()).await;
    assert_eq!((untitled.status, untitled.code()), (409, "title_missing"));
    let titled = send(&stand.videos, "PATCH", path.clone(), json!({"title": "A walk"})).await;
    assert_eq!((titled.status, &titled.json["state"]), (200, &json!("draft")));
    for (method, verb, code) in [("POST", "publish", "not_ready"), ("POST", "unpublish", "not_published")] {
        let refused = send(&stand.publication, method, at(verb), json!({})).await;
        assert_eq!((refused.status, refused.code()), (409, code));
    }
    let chapters = json!({"chapters": [{"start_ms": 0, "title": "The way up"}]});
    assert_eq!(send(&stand.videos, "PUT", at("chapters"), chapters).await.status, 200);
    let bearer = stand.bed.bearer(owner, Role::Creator);
    let headers = [("authorization", bearer.as_str()), ("content-type", "text/vtt")];
    let file = Full::from("WEBVTT\n\n00:01.000 --> 00:02.000\nIt rains.\n");
    let captions = stand.videos.send_body(("PUT", &at("captions/en")), &headers, file).await;
    assert_eq!(captions.status, 201, "{}", captions.json);
    let passwords = json!({"visibility": "password", "passwords": ["open sesame"]});
    assert_eq!(send(&stand.publication, "PUT", at("visibility"), passwords).await.status, 200);
    let planned = send(&stand.publication, "PUT", at("schedule"), plan).await;
    assert_eq!((planned.status, &planned.json["scheduled_at"]), (200, &json!(publish_at)));
    let timers = "SELECT count(*) FROM timers WHERE type = 'mcsp.content.video.publication_due.v1'";
    assert_eq!(stand.bed.ask::<i64>(timers).await, 0, "there is nothing to publish yet");

    stand.bed.pass(7_200);
    for (kind, data) in [(INITIATED, initiated(video, owner)), (COMPLETED, completed(video))] {
        stand.events.deliver_until_taken(&unique(), kind, &data).await;
    }
    assert_eq!(stand.bed.ask::<i64>(timers).await, 1, "it is due at once");
    let kind = "mcsp.content.video.publication_due.v1";
    stand.events.deliver_until_taken(&unique(), kind, &json!({"video_id": video})).await;
    let video = seen(&stand, owner, video).await;
    assert_eq!((&video["state"], &video["visibility"]), (&json!("published"), &json!("password")));
    assert_eq!((&video["caption_languages"], &video["has_chapters"]), (&json!(["en"]), &json!(true)));
}

#[tokio::test]
async fn what_was_written_of_its_upload_is_taken_while_it_has_no_file_yet() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = created(&stand, owner, json!({"title": "A walk"})).await;
    let publish_at = stand.bed.now() + SignedDuration::from_hours(1);
    let draft = json!({
        "title": "A long walk", "visibility": "subscribers", "minimum_plan_level": 2, "publish_at": publish_at,
        "regions": {"allow": ["EU"], "deny": ["us"]},
    });
    stand.events.deliver_until_taken(&unique(), SUBMITTED, &submitted(video, owner, 1, draft)).await;
    let taken = seen(&stand, owner, video).await;
    assert_eq!((&taken["state"], &taken["title"]), (&json!("draft"), &json!("A long walk")));
    assert_eq!((&taken["visibility"], &taken["minimum_plan_level"]), (&json!("subscribers"), &json!(2)));
    assert_eq!(taken["regions"], json!({"allow": ["eu"], "deny": ["us"]}));
    assert!(taken["scheduled_at"].is_string());
    stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(video, owner)).await;
    let begun = seen(&stand, owner, video).await;
    assert_eq!((&begun["state"], &begun["regions"]), (&json!("processing"), &taken["regions"]));
    for bad in [
        json!({"title": "t", "visibility": "subscribers", "minimum_plan_level": 101}),
        json!({"title": "t", "visibility": "public", "minimum_plan_level": 1}),
        json!({"title": "t", "regions": {"allow": ["eu"], "deny": ["eu"]}}),
        json!({"title": "t", "visibility": "password"}),
    ] {
        let data = submitted(new_video_id(), owner, 1, bad);
        assert_eq!(stand.events.deliver(&unique(), SUBMITTED, &data).await.status, 422);
    }
}

#[tokio::test]
async fn a_draft_that_is_deleted_goes_on_beneath_and_of_a_purged_one_nothing_comes() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let [deleted, gone] = [created(&stand, owner, json!({})).await, created(&stand, owner, json!({})).await];
    for video in [deleted, gone] {
        let path = format!("/v1/videos/{video}");
        assert_eq!(stand.send_as(owner, &stand.videos, ("DELETE", &path), None).await.status, 200);
    }
    stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(deleted, owner)).await;
    stand.events.deliver_until_taken(&unique(), COMPLETED, &completed(deleted)).await;
    let restore = format!("/v1/videos/{deleted}/restore");
    let restored = stand.send_as(owner, &stand.videos, ("POST", &restore), None).await;
    assert_eq!((restored.status, &restored.json["state"]), (200, &json!("ready")), "{}", restored.json);

    stand.bed.pass(31 * 24 * 3_600);
    let kind = "mcsp.content.video.purge_due.v1";
    stand.events.deliver_until_taken(&unique(), kind, &json!({"video_id": gone})).await;
    let told = stand.bed.emitted(gone).await;
    for (kind, data) in [(INITIATED, initiated(gone, owner)), (COMPLETED, completed(gone))] {
        stand.events.deliver_until_taken(&unique(), kind, &data).await;
    }
    assert_eq!(stand.bed.emitted(gone).await, told);
    assert_eq!(told.last().unwrap().topic, "media.purged");
}

#[tokio::test]
async fn what_the_pipeline_was_faster_with_is_forgotten_with_the_draft() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let waiting = async || stand.bed.ask::<i64>("SELECT count(*) FROM early_outcomes").await;
    let [gone, kept] = [created(&stand, owner, json!({})).await, created(&stand, owner, json!({})).await];
    for video in [gone, kept] {
        stand.events.deliver_until_taken(&unique(), COMPLETED, &completed(video)).await;
        let path = format!("/v1/videos/{video}");
        assert_eq!(stand.send_as(owner, &stand.videos, ("DELETE", &path), None).await.status, 200);
    }
    assert_eq!(waiting().await, 2, "they can be had back");
    let restore = format!("/v1/videos/{kept}/restore");
    assert_eq!(stand.send_as(owner, &stand.videos, ("POST", &restore), None).await.status, 200);
    stand.bed.pass(31 * 24 * 3_600);
    let kind = "mcsp.content.video.purge_due.v1";
    stand.events.deliver_until_taken(&unique(), kind, &json!({"video_id": gone})).await;
    assert_eq!(waiting().await, 1);
    // Whatever comes of it still leaves nothing.
    for (kind, data) in [(COMPLETED, completed(gone)), (INITIATED, initiated(gone, owner))] {
        stand.events.deliver_until_taken(&unique(), kind, &data).await;
    }
    assert_eq!(waiting().await, 1);
    assert_eq!(stand.bed.emitted(gone).await.pop().unwrap().topic, "media.purged");
    stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(kept, owner)).await;
    assert_eq!((waiting().await, &seen(&stand, owner, kept).await["state"]), (0, &json!("ready")));
}

#[tokio::test]
async fn a_draft_follows_its_owners_account() {
    const ERASED: &str = "mcsp.auth.account.erased.v1";
    let stand = Stand::new().await;
    let owner = new_user_id();
    let before = created(&stand, owner, json!({"title": "Before"})).await;
    stand.events.deliver_until_taken(&unique(), ACCOUNT, &account(owner, 2, "suspended")).await;
    // With an access token from before.
    let meanwhile = create(&stand, owner, json!({"title": "Meanwhile"})).await;
    assert_eq!((meanwhile.status, &meanwhile.json["state"]), (201, &json!("blocked")));
    assert_eq!(meanwhile.headers["etag"].to_str().unwrap(), "\"2\"");
    let meanwhile: VideoId = meanwhile.json["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(kinds(&stand, meanwhile).await, ["created.v1", "blocked.v1"]);
    stand.events.deliver_until_taken(&unique(), ACCOUNT, &account(owner, 3, "active")).await;
    for video in [before, meanwhile] {
        assert_eq!(seen(&stand, owner, video).await["state"], "draft");
    }
    stand.events.deliver_until_taken(&unique(), ERASED, &account(owner, 4, "erased")).await;
    for video in [before, meanwhile] {
        let told = stand.bed.emitted(video).await.pop().unwrap().data;
        assert_eq!((&told["state"], &told["title"]), (&json!("draft"), &Value::Null));
        assert_eq!(told["visibility"], "private");
    }
}

#[tokio::test]
async fn a_replacement_of_what_is_not_there_yet_comes_again() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = created(&stand, owner, json!({})).await;
    let early = stand.events.deliver(&unique(), COMPLETED, &replaced(video, new_id(), 9_000)).await;
    assert_eq!((early.status, early.code()), (409, "not_yet"));
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM early_outcomes").await, 0);
}
