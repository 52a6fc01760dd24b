//! `GET /v1/videos/export`: all that there is of one's own videos, in pages that are never too long.

use content_tests::Stand;
use content_tests::samples::{FAILED, INITIATED, failed, initiated, new_user_id, new_video_id};
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Reply, unique};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const PURGE_DUE: &str = "mcsp.content.video.purge_due.v1";
/// What a function's answer may have.
const ANSWER_MAX_BYTES: usize = 1024 * 1024;
const FILE: &str = "WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nIt rains.\n";

/// Where what a column of a video holds stands in the record of a video.
const TAKEN_ALONG: &[(&str, &str)] = &[
    ("id", "/id"),
    ("owner_id", "/owner_id"),
    ("upload_id", "/upload_id"),
    ("region", "/region"),
    ("asks_for_protection", "/asks_for_protection"),
    ("version", "/version"),
    ("state", "/state"),
    ("visibility", "/visibility"),
    ("minimum_plan_level", "/minimum_plan_level"),
    ("minimum_age", "/minimum_age"),
    ("title", "/title"),
    ("description", "/description"),
    ("tags", "/tags/0"),
    ("category", "/category"),
    ("language", "/language"),
    ("licence", "/licence"),
    ("made_for_kids", "/made_for_kids"),
    ("custom_fields", "/custom_fields/camera"),
    ("media", "/renditions/0"),
    ("duration_ms", "/duration_ms"),
    ("failure_code", "/failure_code"),
    ("publish_at", "/scheduled_at"),
    ("first_published_at", "/published_at"),
    ("created_at", "/created_at"),
    ("updated_at", "/updated_at"),
    ("deleted_at", "/deleted_at"),
    ("regions_allow", "/regions/allow/0"),
    ("regions_deny", "/regions/deny/0"),
    ("tracks", "/caption_languages/0"),
    ("collaborators", "/collaborators/0/user_id"),
    ("embedding", "/embedding/mode"),
    ("embedding_origins", "/embedding/origins/0"),
    ("thumbnails", "/thumbnails/0/url"),
];
/// Columns that nobody takes along, and why.
const LEFT: &[(&str, &str)] = &[
    ("search", "made of the texts"),
    ("near", "made of the texts"),
    ("purged", "there is nothing left of a video that is"),
    ("passwords_version", "tells hashes from others, which stay here"),
    ("held_state", "how moderation works"),
    ("decision_version", "how moderation works"),
    ("decided_to_block", "the state tells it"),
    ("withheld_by_account", "the state tells it"),
];
/// What else there is of videos or of their owners, and where it is had.
const TABLES: &[(&str, &str)] = &[
    ("videos", "the record of the video"),
    ("chapters", "the record of the video"),
    ("captions", "records of their own"),
    ("video_passwords", "nowhere: hashes"),
    ("thumbnail_uploads", "nowhere: what is not there yet"),
    ("shares", "the record of the video"),
    ("transfers", "`GET /v1/videos/{id}/transfer`, to both"),
    ("drafts", "Upload's: `GET /v1/drafts`; what they say is in the video"),
    ("early_outcomes", "the pipeline's, of videos that are not there yet"),
    ("owners", "Auth's: `GET /v1/accounts/me`"),
];

async fn page(stand: &Stand, owner: UserId, cursor: Option<&str>) -> Reply {
    let query = cursor.map(|cursor| format!("?cursor={cursor}")).unwrap_or_default();
    let reply =
        stand.send_as(owner, &stand.videos, ("GET", &format!("/v1/videos/export{query}")), None).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    assert!(reply.text.len() < ANSWER_MAX_BYTES, "{} bytes", reply.text.len());
    reply
}

/// Asks until there is nothing more, as any client would. Gives all records, and how many pages they took.
async fn exported(stand: &Stand, owner: UserId) -> (Vec<Value>, usize) {
    let (mut records, mut pages, mut cursor) = (Vec::new(), 0, None::<String>);
    loop {
        let page = page(stand, owner, cursor.as_deref()).await.json;
        records.extend(page["items"].as_array().unwrap().iter().cloned());
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return (records, pages),
        }
    }
}

fn videos(records: &[Value]) -> Vec<&Value> {
    records.iter().map(|record| &record["video"]).filter(|video| !video.is_null()).collect()
}

/// The files of captions, put together as the reference says.
fn files(records: &[Value]) -> BTreeMap<(String, String), String> {
    let mut files = BTreeMap::new();
    let mut open = BTreeSet::new();
    for part in records.iter().map(|record| &record["captions"]).filter(|part| !part.is_null()) {
        let text = |name: &str| part[name].as_str().unwrap().to_owned();
        let of = (text("video_id"), text("language"));
        let file: &mut String = files.entry(of.clone()).or_default();
        assert_eq!(part["offset_bytes"], file.len(), "in their order, and none is missing");
        file.push_str(&text("webvtt"));
        open.insert(of.clone());
        if part["is_last"] == true {
            open.remove(&of);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    files
}

async fn send(stand: &Stand, owner: UserId, route: (&str, String), body: Option<Value>) -> Value {
    let is_publication = ["publish", "unpublish", "schedule", "visibility", "regions", "embedding"];
    let in_publication = is_publication.iter().any(|act| route.1.ends_with(act));
    let component = if in_publication { &stand.publication } else { &stand.videos };
    let reply = stand.send_as(owner, component, (route.0, &route.1), body).await;
    assert_eq!(reply.status, 200, "{} {}: {}", route.0, route.1, reply.json);
    reply.json
}

async fn put_captions(stand: &Stand, owner: UserId, video: VideoId, language: &str, file: &str) {
    let bearer = stand.bed.bearer(owner, Role::Creator);
    let headers = [("authorization", bearer.as_str()), ("content-type", "text/vtt")];
    let path = format!("/v1/videos/{video}/captions/{language}");
    let reply = stand.videos.send_body(("PUT", &path), &headers, Full::from(file.to_owned())).await;
    assert!(matches!(reply.status, 200 | 201), "{}", reply.text);
}

/// A video of which its owner has said all that can be said, and which they have deleted then; and one of which nothing came.
async fn all_that_can_be_said(stand: &Stand, owner: UserId) -> (VideoId, VideoId, Value) {
    let video = stand.ready_video(owner, "A walk").await;
    let path = format!("/v1/videos/{video}");
    let said = json!({"title": "A walk in the hills", "description": "An hour\nin the rain.", "tags": ["hiking", "rain"],
        "category": "travel", "language": "en-GB", "minimum_age": 16, "licence": "cc-by", "made_for_kids": false,
        "custom_fields": {"camera": "a phone"}});
    send(stand, owner, ("PATCH", path.clone()), Some(said.clone())).await;
    let regions = json!({"allow": ["eu"], "deny": ["us"]});
    send(stand, owner, ("PUT", format!("{path}/regions")), Some(regions)).await;
    let embedding = json!({"mode": "listed", "origins": ["https://blog.example"]});
    send(stand, owner, ("PUT", format!("{path}/embedding")), Some(embedding)).await;
    let share = format!("{path}/collaborators/{}", new_user_id());
    let shared = stand.send_as(owner, &stand.videos, ("PUT", &share), Some(json!({"role": "editor"}))).await;
    assert_eq!(shared.status, 201, "{}", shared.json);
    let image = json!({"own": [{"id": "thumbnail_00000000000000000000000000", "key": "thumbnails/a.png", "content_type": "image/png",
        "width": 640, "height": 360, "time_ms": null}], "selected": null});
    stand
        .bed
        .execute(&format!("UPDATE videos SET thumbnails = '{image}' WHERE id = '{}'", video.uuid()))
        .await;
    let subscribers = json!({"visibility": "subscribers", "minimum_plan_level": 2});
    send(stand, owner, ("PUT", format!("{path}/visibility")), Some(subscribers)).await;
    let chapters =
        json!({"chapters": [{"start_ms": 0, "title": "The way up"}, {"start_ms": 500, "title": "Home"}]});
    send(stand, owner, ("PUT", format!("{path}/chapters")), Some(chapters)).await;
    put_captions(stand, owner, video, "en", FILE).await;
    put_captions(stand, owner, video, "de", &FILE.replace("It rains.", "Es regnet \"sehr\".")).await;
    send(stand, owner, ("POST", format!("{path}/publish")), None).await;
    send(stand, owner, ("POST", format!("{path}/unpublish")), None).await;
    let later: Timestamp = stand.bed.now() + SignedDuration::from_hours(1);
    send(stand, owner, ("PUT", format!("{path}/schedule")), Some(json!({"publish_at": later}))).await;
    send(stand, owner, ("DELETE", path), None).await;
    let unreadable = new_video_id();
    stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(unreadable, owner)).await;
    stand.events.deliver_until_taken(&unique(), FAILED, &failed(unreadable)).await;
    (video, unreadable, said)
}

#[tokio::test]
async fn all_that_an_owner_has_said_comes_along_also_of_what_is_deleted_and_nothing_of_others() {
    let stand = Stand::new().await;
    let (owner, stranger) = (new_user_id(), new_user_id());
    let (video, unreadable, said) = all_that_can_be_said(&stand, owner).await;
    let strangers = stand.ready_video(stranger, "Another's").await;
    put_captions(&stand, stranger, strangers, "en", FILE).await;

    let (records, pages) = exported(&stand, owner).await;
    assert_eq!(pages, 1);
    let found = videos(&records);
    let ids: Vec<_> = found.iter().map(|video| video["id"].clone()).collect();
    assert_eq!(ids, [json!(unreadable), json!(video)], "the newest first");
    for (field, value) in said.as_object().unwrap() {
        assert_eq!(&found[1][field], value, "{field}");
    }
    assert_eq!(
        (&found[1]["state"], &found[1]["chapters"]),
        (
            &json!("deleted"),
            &json!([{"start_ms": 0, "title": "The way up"}, {"start_ms": 500, "title": "Home"}])
        )
    );
    let files = files(&records);
    assert_eq!(files.len(), 2);
    assert_eq!(files[&(video.to_string(), "en".to_owned())], FILE);
    assert!(files[&(video.to_string(), "de".to_owned())].contains("Es regnet \"sehr\"."));
    assert_eq!(videos(&exported(&stand, stranger).await.0).len(), 1);
    assert!(exported(&stand, new_user_id()).await.0.is_empty());

    stand.bed.pass(30 * 24 * 3600);
    stand.events.deliver_until_taken(&unique(), PURGE_DUE, &json!({"video_id": video})).await;
    let (records, _) = exported(&stand, owner).await;
    assert_eq!((records.len(), &records[0]["video"]["id"]), (1, &json!(unreadable)));
}

/// A column or table that is new fails here, until somebody has said whether its owners take it along.
#[tokio::test]
async fn nothing_of_a_video_is_forgotten() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    all_that_can_be_said(&stand, owner).await;
    let (records, _) = exported(&stand, owner).await;
    let found = videos(&records);
    for (column, pointer) in TAKEN_ALONG {
        let is_there = found.iter().any(|video| video.pointer(pointer).is_some_and(|value| !value.is_null()));
        assert!(is_there, "`{column}` should be at {pointer}: {found:?}");
    }
    let columns: Vec<String> = stand
        .bed
        .ask(
            "SELECT array_agg(attname::text) FROM pg_attribute \
            WHERE attrelid = 'videos'::regclass AND attnum > 0 AND NOT attisdropped",
        )
        .await;
    let columns: BTreeSet<&str> = columns.iter().map(String::as_str).collect();
    let known: BTreeSet<&str> = TAKEN_ALONG.iter().chain(LEFT).map(|(column, _)| *column).collect();
    assert_eq!(columns, known, "each column of a video is taken along, or is left for a reason");
    let tables: Vec<String> = stand
        .bed
        .ask("SELECT array_agg(DISTINCT relname::text) FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid \
            WHERE relkind = 'r' AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'videos'::regclass) \
                AND (attname IN ('video_id', 'owner_id') OR c.oid = 'videos'::regclass)")
        .await;
    let tables: BTreeSet<&str> = tables.iter().map(String::as_str).collect();
    let known: BTreeSet<&str> = TABLES.iter().map(|(table, _)| *table).collect();
    assert_eq!(tables, known, "and so is each table");
}

#[tokio::test]
async fn long_captions_come_in_parts_and_no_page_is_too_long() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    // Nearly a mebibyte each: one of letters of three bytes, and one of what JSON writes with two.
    let of = |filling: &str| {
        let line = format!("00:01.000 --> 00:02.000\n{}\n\n", filling.repeat(300));
        format!("WEBVTT\n\n{}", line.repeat(1_000_000 / line.len()))
    };
    let (wide, quoted) = (of("雨"), of("\"\\"));
    let mut expected = BTreeMap::new();
    for n in 0..3 {
        let video = stand.ready_video(owner, "A long talk").await;
        put_captions(&stand, owner, video, "ja", &wide).await;
        put_captions(&stand, owner, video, "en", &quoted).await;
        put_captions(&stand, owner, video, &format!("x{}", ["a", "b", "c"][n]), FILE).await;
        for (language, file) in [("ja", &wide), ("en", &quoted)] {
            let path = format!("/v1/videos/{video}/captions/{language}");
            let kept = stand.send_as(owner, &stand.videos, ("GET", &path), None).await.text;
            assert_eq!(kept.trim_end(), file.trim_end());
            expected.insert((video.to_string(), language.to_owned()), kept);
        }
    }
    let (records, pages) = exported(&stand, owner).await;
    assert!(pages > 3 && videos(&records).len() == 3, "{pages} pages");
    let files = files(&records);
    assert_eq!(files.len(), 9);
    for (of, file) in &expected {
        assert!(files[of] == *file, "{of:?}");
    }
}

#[tokio::test]
async fn captions_that_are_replaced_on_the_way_begin_anew_and_those_that_are_gone_are_passed_over() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let line = format!("00:01.000 --> 00:02.000\n{}\n\n", "x".repeat(900));
    let long = format!("WEBVTT\n\n{}", line.repeat(1_000));
    let older = stand.ready_video(owner, "The older one").await;
    let video = stand.ready_video(owner, "A long talk").await;
    for language in ["de", "en"] {
        put_captions(&stand, owner, video, language, &long).await;
    }
    let first = page(&stand, owner, None).await.json;
    let parts = first["items"].as_array().unwrap();
    assert_eq!(
        (&parts[1]["captions"]["language"], &parts[1]["captions"]["version"]),
        (&json!("de"), &json!(4))
    );
    assert_eq!(parts.last().unwrap()["captions"]["is_last"], false);
    put_captions(&stand, owner, video, "de", FILE).await;
    let path = format!("/v1/videos/{video}/captions/en");
    assert_eq!(stand.send_as(owner, &stand.videos, ("DELETE", &path), None).await.status, 204);
    let second = page(&stand, owner, first["next_cursor"].as_str()).await.json;
    let items = second["items"].as_array().unwrap();
    let anew = &items[0]["captions"];
    assert_eq!(
        (&anew["offset_bytes"], &anew["version"], &anew["is_last"]),
        (&json!(0), &json!(6), &json!(true))
    );
    assert_eq!((&anew["webvtt"], &items[1]["video"]["id"]), (&json!(FILE), &json!(older)));
    assert_eq!((items.len(), &second["next_cursor"]), (2, &json!(null)));
}

#[tokio::test]
async fn many_videos_come_page_by_page_each_once() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let mut made = Vec::new();
    for _ in 0..45 {
        let video = new_video_id();
        stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(video, owner)).await;
        made.push(json!(video));
    }
    made.reverse();
    let (records, pages) = exported(&stand, owner).await;
    let ids: Vec<_> = videos(&records).into_iter().map(|video| video["id"].clone()).collect();
    assert_eq!((ids, pages), (made, 3));
}

#[tokio::test]
async fn it_needs_the_permission_and_its_own_cursor() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let viewer = stand.bed.bearer(owner, Role::Viewer);
    let reply = stand.videos.send(("GET", "/v1/videos/export"), &[("authorization", &viewer)], None).await;
    assert_eq!((reply.status, reply.code()), (403, "insufficient_permission"));
    for query in ["cursor=x", "cursor=InZpZGVvXzAxa2I1dDR2MDBlOHB0eHoza2QwN2dxMnNuIg", "limit=5"] {
        let path = format!("/v1/videos/export?{query}");
        let reply = stand.send_as(owner, &stand.videos, ("GET", &path), None).await;
        assert_eq!(reply.status, 400, "{query}: {}", reply.json);
    }
}
