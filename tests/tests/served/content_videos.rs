//! `GET /v1/videos`, `GET`, `PATCH` and `DELETE /v1/videos/{id}`, `POST /v1/videos/{id}/restore`, and the catalog, as other services read it (`tests/clients/catalog.py`).

use mcsp_manifest::{Manifest, is_grpc};
use mcsp_tests::{
    Account, OwnPlatform, Platform, ready_video, root, run_client, sample_mp4, titled_video, until_ready,
    uploaded_as, uploaded_video, variable,
};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Of the right kind, and nobody's.
const UNKNOWN: &str = "/v1/videos/video_01h455vb4pex5vsknk084sn02q";

fn path(video_id: &str) -> String {
    format!("/v1/videos/{video_id}")
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("items");
    items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

async fn publish(account: &Account, video_id: &str, visibility: &str) {
    account
        .put(&format!("{}/visibility", path(video_id)), &json!({"visibility": visibility}))
        .await
        .expect(200);
    account.post(&format!("{}/publish", path(video_id)), &json!({})).await.expect(200);
}

#[tokio::test]
async fn an_upload_becomes_a_video_with_something_to_play() {
    let owner = Platform::running().account("creator").await;
    let video_id = ready_video(&owner).await;
    let answer = owner.get(&path(&video_id)).await;
    assert_eq!(answer.header("etag"), "\"2\"");
    let video = answer.expect(200);
    assert_eq!((&video["owner_id"], &video["title"]), (&json!(owner.user_id), &Value::Null));
    assert!((1_900..2_200).contains(&video["duration_ms"].as_u64().expect("a duration")), "{video}");
    assert!(!video["renditions"].as_array().expect("renditions").is_empty(), "{video}");
    assert_eq!(video.get("packaged"), None, "where the files are is had only by a playback session");
}

#[tokio::test]
async fn what_only_begins_like_a_video_fails_and_says_so_to_its_owner() {
    let owner = Platform::running().account("creator").await;
    let video_id =
        uploaded_video(&owner, &b"\0\0\0\x20ftypisom\0\0\x02\0 and nothing that could be played"[..]).await;
    let failed = mcsp_tests::eventually("the video has failed", async || {
        let video = owner.get(&path(&video_id)).await.json;
        (video["state"] == "failed").then_some(video)
    })
    .await;
    assert!(failed["failure_code"].is_string(), "{failed}");
}

#[tokio::test]
async fn a_list_is_the_callers_own_newest_first_and_by_state() {
    let owner = Platform::running().account("creator").await;
    let (first, second) = (ready_video(&owner).await, titled_video(&owner).await.0);
    publish(&owner, &second, "public").await;
    assert_eq!(ids(&owner.get("/v1/videos").await.expect(200)), [second.clone(), first.clone()]);
    assert_eq!(ids(&owner.get("/v1/videos?state=ready").await.expect(200)), std::slice::from_ref(&first));
    assert_eq!(ids(&owner.get("/v1/videos?state=failed").await.expect(200)), [""; 0]);
    let page = owner.get("/v1/videos?limit=1").await.expect(200);
    assert_eq!(ids(&page), [second]);
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let last = owner.get(&format!("/v1/videos?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!((ids(&last), &last["next_cursor"]), (vec![first], &Value::Null));
    let other = owner.platform.account("creator").await;
    assert_eq!(ids(&other.get("/v1/videos").await.expect(200)), [""; 0]);
    for bad in ["limit=0", "limit=101", "limit=x", "state=lost", "cursor=x", "page=2"] {
        owner.get(&format!("/v1/videos?{bad}")).await.refused(400, "invalid_query");
    }
    let viewer = owner.platform.account("viewer").await;
    viewer.get("/v1/videos").await.refused(403, "insufficient_permission");
}

#[tokio::test]
async fn a_video_is_seen_by_those_it_is_meant_for() {
    let owner = Platform::running().account("creator").await;
    let other = owner.platform.account("viewer").await;
    let (video_id, _) = titled_video(&owner).await;
    let seen = async || {
        let path = path(&video_id);
        let statuses = [owner.get(&path).await, other.get(&path).await, owner.platform.get(&path).await];
        statuses.map(|answer| answer.status.as_u16())
    };
    assert_eq!(seen().await, [200, 404, 404], "ready");
    for (visibility, statuses) in
        [("public", [200, 200, 200]), ("unlisted", [200, 200, 200]), ("private", [200, 404, 404])]
    {
        publish(&owner, &video_id, visibility).await;
        assert_eq!(seen().await, statuses, "{visibility}");
    }
    publish(&owner, &video_id, "public").await;
    owner.post(&format!("{}/unpublish", path(&video_id)), &json!({})).await.expect(200);
    assert_eq!(seen().await, [200, 404, 404], "unpublished");
    owner.get(UNKNOWN).await.refused(404, "not_found");
    owner.platform.get(UNKNOWN).await.refused(404, "not_found");
}

#[tokio::test]
async fn an_edit_changes_what_it_names_and_is_there_again_when_repeated() {
    let owner = Platform::running().account("creator").await;
    let path = path(&ready_video(&owner).await);
    let edit = json!({
        "title": "  Cafe\u{301}  ", "description": "one\r\ntwo", "tags": ["Cat", "cat", "DOG"],
        "category": "film-and-animation", "language": "PT-br", "minimum_age": 16,
        "licence": "cc-by-nc-sa", "made_for_kids": true, "custom_fields": {"shot-on": " Cafe\u{301} "},
    });
    let edited = owner.patch(&path, &edit, Some("\"2\"")).await;
    assert_eq!(edited.header("etag"), "\"3\"");
    let edited = edited.expect(200);
    let expected = json!({
        "title": "Café", "description": "one\ntwo", "tags": ["cat", "dog"],
        "category": "film-and-animation", "language": "pt-BR", "minimum_age": 16,
        "licence": "cc-by-nc-sa", "made_for_kids": true, "custom_fields": {"shot-on": "Café"},
    });
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(&edited[field], value, "{field}");
    }
    let again = owner.patch(&path, &edit, Some("\"3\"")).await.expect(200);
    assert_eq!(again, edited, "an edit that changes nothing makes no version");
    let cleared = json!({
        "language": null, "minimum_age": null, "description": "", "licence": null, "made_for_kids": null,
        "custom_fields": {},
    });
    let cleared = owner.patch(&path, &cleared, None).await.expect(200);
    assert_eq!((&cleared["language"], &cleared["description"]), (&Value::Null, &json!("")));
    for field in ["minimum_age", "licence", "made_for_kids"] {
        assert_eq!(cleared[field], Value::Null, "{field}");
    }
    assert_eq!(cleared["custom_fields"], json!({}));
    assert_eq!((&cleared["title"], &cleared["category"]), (&edited["title"], &edited["category"]));
}

#[tokio::test]
async fn a_stale_edit_is_refused() {
    let owner = Platform::running().account("creator").await;
    let path = path(&ready_video(&owner).await);
    owner.patch(&path, &json!({"title": "First"}), Some("\"2\"")).await.expect(200);
    owner.patch(&path, &json!({"title": "Second"}), Some("\"2\"")).await.refused(412, "stale");
    owner.patch(&path, &json!({"title": "Second"}), Some("W/\"3\"")).await.refused(412, "stale");
    owner.patch(&path, &json!({"title": "Second"}), Some("3")).await.refused(400, "invalid_if_match");
    assert_eq!(owner.get(&path).await.expect(200)["title"], "First");
}

#[tokio::test]
async fn every_bad_field_of_an_edit_is_named() {
    let owner = Platform::running().account("creator").await;
    let path = path(&ready_video(&owner).await);
    let edit = json!({
        "title": "x".repeat(101), "description": "a\u{0}b", "tags": ["fine", "\u{200b}"],
        "category": "Not A Slug", "language": "english", "minimum_age": 17,
        "custom_fields": {"Not A Slug": "v", "fine": "v", "long": "x".repeat(201)},
    });
    let answer = owner.patch(&path, &edit, None).await;
    answer.refused(422, "validation_failed");
    let errors = answer.json["errors"].as_array().expect("errors");
    let named: Vec<_> =
        errors.iter().map(|error| (error["pointer"].as_str(), error["code"].as_str())).collect();
    assert_eq!(
        named,
        [
            (Some("/title"), Some("too_long")),
            (Some("/description"), Some("control_character")),
            (Some("/tags/1"), Some("blank")),
            (Some("/category"), Some("invalid_slug")),
            (Some("/language"), Some("invalid_language")),
            (Some("/custom_fields"), Some("invalid_slug")),
            (Some("/custom_fields/long"), Some("too_long")),
            (Some("/minimum_age"), Some("not_an_option")),
        ]
    );
    let many: Vec<String> = (0..31).map(|n| format!("t{n}")).collect();
    owner.patch(&path, &json!({"tags": many}), None).await.refused(422, "validation_failed");
    let many: Map<String, Value> = (0..21).map(|n| (format!("k{n}"), json!("v"))).collect();
    owner.patch(&path, &json!({"custom_fields": many}), None).await.refused(422, "validation_failed");
    owner.patch(&path, &json!({"licence": "mine"}), None).await.refused(400, "invalid_request");
    owner.patch(&path, &json!({"title": null}), None).await.refused(400, "invalid_request");
    let emoji = "👨‍👩‍👧‍👦".repeat(60);
    assert_eq!(owner.patch(&path, &json!({"title": emoji}), None).await.expect(200)["title"], emoji);
}

#[tokio::test]
async fn nobody_edits_what_is_not_theirs() {
    let owner = Platform::running().account("creator").await;
    let (video_id, title) = titled_video(&owner).await;
    publish(&owner, &video_id, "public").await;
    let edit = json!({"title": "Taken over"});
    let (creator, viewer) = (owner.platform.account("creator").await, owner.platform.account("viewer").await);
    creator.patch(&path(&video_id), &edit, None).await.refused(404, "not_found");
    viewer.patch(&path(&video_id), &edit, None).await.refused(403, "insufficient_permission");
    owner.patch(UNKNOWN, &edit, None).await.refused(404, "not_found");
    assert_eq!(owner.get(&path(&video_id)).await.expect(200)["title"], title);
}

#[tokio::test]
async fn a_deleted_video_is_neither_seen_found_nor_played_until_it_is_restored() {
    let owner = Platform::running().account("creator").await;
    let (video_id, title) = titled_video(&owner).await;
    publish(&owner, &video_id, "public").await;
    let word = title.split(' ').next_back().expect("a word").to_owned();
    let is_there = async |expected: bool| {
        // One of whom no earlier stream is open.
        let viewer = owner.platform.account("viewer").await;
        let page = viewer.get(&path(&video_id)).await.status.as_u16() == 200;
        assert_eq!(page, expected);
        mcsp_tests::eventually("search says the same", async || {
            let found = viewer.platform.get(&format!("/v1/search?q={word}")).await.expect(200);
            (found["items"].as_array().expect("items").is_empty() != expected).then_some(())
        })
        .await;
        mcsp_tests::eventually("Playback says the same", async || {
            let body = json!({"video_id": video_id, "device": {"id": "tv", "name": "Kitchen"}});
            let status = viewer.post("/v1/playback/sessions", &body).await.status.as_u16();
            (status == if expected { 201 } else { 404 }).then_some(())
        })
        .await;
    };
    is_there(true).await;
    let deleted = owner.delete(&path(&video_id)).await.expect(200);
    assert_eq!(deleted["state"], "deleted");
    is_there(false).await;
    assert_eq!(ids(&owner.get("/v1/videos").await.expect(200)), [""; 0]);
    assert_eq!(
        ids(&owner.get("/v1/videos?state=deleted").await.expect(200)),
        std::slice::from_ref(&video_id)
    );
    owner.get(&path(&video_id)).await.refused(404, "not_found");
    owner.post(&format!("{}/restore", path(&video_id)), &json!({})).await.expect(200);
    is_there(true).await;
}

/// Videos in which together each field of the catalog is set.
async fn of_all_kinds(owner: &Account) -> [String; 5] {
    let (open, _) = titled_video(owner).await;
    let details = json!({"description": "d", "tags": ["a"], "category": "film", "language": "en", "minimum_age": 16,
        "licence": "cc-by", "made_for_kids": false, "custom_fields": {"camera": "a phone"}});
    owner.patch(&path(&open), &details, None).await.expect(200);
    let captions = "WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nIt rains.\n";
    owner.put_file(&format!("{}/captions/en", path(&open)), "text/vtt", captions).await.expect(201);
    let visibility = json!({"visibility": "password", "passwords": ["open sesame"]});
    owner.put(&format!("{}/visibility", path(&open)), &visibility).await.expect(200);
    owner.post(&format!("{}/publish", path(&open)), &json!({})).await.expect(200);
    let share = format!("{}/collaborators/user_00000000000000000000000009", path(&open));
    owner.put(&share, &json!({"role": "viewer"})).await.expect(201);
    let planned = uploaded_as(owner, sample_mp4().await, "cenc").await;
    until_ready(owner, &planned).await;
    owner.patch(&path(&planned), &json!({"title": "t"}), None).await.expect(200);
    let visibility = json!({"visibility": "subscribers", "minimum_plan_level": 2});
    owner.put(&format!("{}/visibility", path(&planned)), &visibility).await.expect(200);
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    owner.put(&format!("{}/schedule", path(&planned)), &json!({"publish_at": tomorrow})).await.expect(200);
    let failed = uploaded_video(owner, &b"\0\0\0\x20ftypisom\0\0\x02\0 and nothing"[..]).await;
    mcsp_tests::eventually("the video has failed", async || {
        (owner.get(&path(&failed)).await.json["state"] == "failed").then_some(())
    })
    .await;
    let deleted = ready_video(owner).await;
    owner.delete(&path(&deleted)).await.expect(200);
    let draft = owner.post("/v1/videos", &json!({})).await.expect(201);
    [open, planned, failed, deleted, draft["id"].as_str().expect("an id").to_owned()]
}

/// What a client of the catalog is told of the running platform.
fn of_grpc() -> (Value, PathBuf) {
    let state =
        std::env::var("MCSP_TEST_STATE_DIR").expect("MCSP_TEST_STATE_DIR is not set: run scripts/test");
    let state = PathBuf::from(state);
    let given = json!({
        "url": Platform::running().url(),
        "token": variable(&state.join("platform.env"), "MCSP_BRIDGE_TOKEN"),
        "descriptors": root().join("docs/grpc/content.v1.binpb"),
    });
    (given, state)
}

#[tokio::test]
async fn services_read_the_catalog_by_grpc_as_by_http() {
    let owner = Platform::running().account("creator").await;
    let manifest = Manifest::load(&root().join("spin.toml")).expect("spin.toml");
    let routes = manifest.routes.iter().map(|route| route.path.as_str()).filter(|path| is_grpc(path));
    let (mut given, _) = of_grpc();
    given["routes"] = json!(routes.collect::<Vec<_>>());
    given["videos"] = json!(of_all_kinds(&owner).await);
    let told = run_client("catalog.py", &given).await;
    let so = [
        "each field is what HTTP tells, and is set in some video",
        "many at once: in their order, and what is not there is told apart",
        "each refusal has its status and its code",
        "fifty at once on one connection: each has its own answer",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), so);
}

#[tokio::test]
async fn a_call_of_grpc_keeps_its_deadline_and_is_counted_as_it_ended() {
    let (given, state) = of_grpc();
    let told = run_client("catalog.py", &given).await;
    let so = ["calls end well, and badly", "a deadline is kept, and what is none is refused"];
    assert_eq!(told.lines().collect::<Vec<_>>(), so);
    // Each is 200 to HTTP, and counted as it ended.
    let metrics = OwnPlatform::admin_at(&state.join("admin.sock"), "/metrics").await;
    let of_catalog = |metric: &str, label: &str| {
        let of = |line: &&str| {
            line.starts_with(metric)
                && line.contains("route=\"/content.v1.Catalog/...\"")
                && line.contains(label)
        };
        let line = metrics.lines().find(of).unwrap_or_else(|| panic!("no {metric} {label} in {metrics}"));
        line.rsplit_once(' ').and_then(|(_, count)| count.parse::<u64>().ok()).expect("a number")
    };
    for status in ["OK", "NOT_FOUND", "INVALID_ARGUMENT", "UNAUTHENTICATED", "DEADLINE_EXCEEDED"] {
        let label = format!("grpc_status=\"{status}\"");
        assert!(of_catalog("mcsp_grpc_requests_total", &label) > 0, "{status}");
    }
    for class in ["2xx", "4xx", "5xx"] {
        let label = format!("status_class=\"{class}\"");
        assert!(of_catalog("mcsp_http_requests_total", &label) > 0, "{class}");
    }
}
