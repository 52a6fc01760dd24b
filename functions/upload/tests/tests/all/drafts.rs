//! Drafts: written in any state by several at once, submitted when they are whole, before, while and after the bytes come.

use futures::future::{join, join_all};
use mcsp_testbed::{Emitted, Reply, unique};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use upload_tests::{Creator, Stand};

/// What a function's answer may have.
const ANSWER_MAX_BYTES: usize = 1024 * 1024;

async fn ask(creator: &Creator<'_>, method: &str, path: &str, body: Option<Value>) -> Reply {
    creator.request_drafts((method, path), &[], body).await
}

async fn expect(creator: &Creator<'_>, status: u16, method: &str, path: &str, body: Option<Value>) -> Value {
    let reply = ask(creator, method, path, body).await;
    assert_eq!(reply.status, status, "{method} {path}: {}", reply.json);
    reply.json
}

async fn begun(creator: &Creator<'_>, body: Value) -> String {
    let draft = expect(creator, 201, "POST", "/v1/drafts", Some(body)).await;
    format!("/v1/drafts/{}", draft["id"].as_str().unwrap())
}

const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";

async fn upload(creator: &Creator<'_>) -> Value {
    let wanted = json!({"file_name": "a.mp4", "size_bytes": MP4.len(), "content_type": "video/mp4"});
    creator.request("POST", "/v1/uploads", Some(wanted)).await.json
}

async fn submitted(stand: &Stand, upload: &Value) -> Vec<Emitted> {
    stand.bed.emitted(upload["video_id"].as_str().unwrap()).await
}

#[tokio::test]
async fn of_two_editors_who_save_at_once_one_wins_and_the_other_is_told() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let first = ask(&creator, "POST", "/v1/drafts", Some(json!({}))).await;
    assert_eq!((first.status, first.headers["etag"].to_str().unwrap()), (201, "\"1\""));
    let path = first.headers["location"].to_str().unwrap().to_owned();
    let mut etag = "\"1\"".to_owned();
    for round in 0..10 {
        let if_match = [("if-match", etag.as_str())];
        let save = async |title: String| {
            creator.request_drafts(("PUT", &path), &if_match, Some(json!({"title": title}))).await
        };
        let (one, other) = join(save(format!("one {round}")), save(format!("other {round}"))).await;
        let (won, lost) = if one.status == 200 { (one, other) } else { (other, one) };
        assert_eq!((won.status, lost.status, lost.code()), (200, 412, "stale"), "{} {}", won.json, lost.json);
        let seen = expect(&creator, 200, "GET", &path, None).await;
        assert_eq!(seen, won.json);
        etag = won.headers["etag"].to_str().unwrap().to_owned();
    }
    assert_eq!(etag, "\"11\"");
    let same = expect(&creator, 200, "GET", &path, None).await;
    let again = Some(json!({"title": same["title"]}));
    assert_eq!(expect(&creator, 200, "PUT", &path, again).await["version"], 11, "saved as it is");
}

#[tokio::test]
async fn what_is_no_good_yet_is_kept_and_told_all_at_once_when_it_is_submitted() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let half = json!({
        "title": "x".repeat(101), "description": "a\u{7}b", "tags": ["ok", ""], "category": "No Slug",
        "language": "english", "publish_at": "2020-01-01T00:00:00Z", "visibility": "public", "minimum_plan_level": 2,
        "regions": {"allow": ["eu", "no region"], "deny": ["EU"]}
    });
    let path = begun(&creator, half.clone()).await;
    assert_eq!(expect(&creator, 200, "GET", &path, None).await["title"], half["title"]);
    let problem = expect(&creator, 422, "POST", &format!("{path}/submit"), None).await;
    let errors = problem["errors"].as_array().unwrap().iter();
    let pointers: Vec<_> = errors.map(|error| error["pointer"].as_str().unwrap()).collect();
    let expected = [
        "/publish_at",
        "/title",
        "/description",
        "/tags/1",
        "/category",
        "/language",
        "/minimum_plan_level",
        "/regions/allow/1",
        "/regions/deny/0",
    ];
    assert_eq!(pointers, expected);
    let untitled = begun(&creator, json!({"description": "d"})).await;
    let problem = expect(&creator, 422, "POST", &format!("{untitled}/submit"), None).await;
    assert_eq!(
        (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
        (&json!("/title"), &json!("missing_field"))
    );
    // What could not be kept is refused at once.
    for (bad, pointer) in [
        (json!({"title": "a\0b"}), "/title"),
        (json!({"description": "x".repeat(32_769)}), "/description"),
        (json!({"tags": vec!["t"; 101]}), "/tags"),
        (json!({"tags": ["a", "\0"]}), "/tags/1"),
        (json!({"upload_id": "upload_00000000000000000000000000"}), "/upload_id"),
        (json!({"regions": {"allow": ["eu"], "deny": vec!["us"; 501]}}), "/regions/deny"),
        (json!({"regions": {"allow": ["eu", "\0"], "deny": []}}), "/regions/allow/1"),
    ] {
        for (method, path) in [("POST", "/v1/drafts"), ("PUT", &path)] {
            let problem = expect(&creator, 422, method, path, Some(bad.clone())).await;
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        }
    }
}

#[tokio::test]
async fn it_is_submitted_once_for_each_change_and_said_with_the_announcement() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let path = begun(&creator, json!({"title": "A walk"})).await;
    let submit = format!("{path}/submit");
    assert_eq!(expect(&creator, 409, "POST", &submit, None).await["code"], "draft_without_upload");
    let upload = upload(&creator).await;
    let attached = json!({
        "title": "A walk", "visibility": "subscribers", "minimum_plan_level": 3, "upload_id": upload["id"],
        "regions": {"allow": ["eu"], "deny": ["us"]},
    });
    expect(&creator, 200, "PUT", &path, Some(attached.clone())).await;
    let first = expect(&creator, 200, "POST", &submit, None).await;
    assert!(first["submitted_at"].is_string(), "{first}");
    assert_eq!(expect(&creator, 200, "POST", &submit, None).await, first);
    let emitted = submitted(&stand, &upload).await;
    let [Emitted { topic, kind, data }] = &emitted[..] else { panic!("{emitted:?}") };
    assert_eq!((topic.as_str(), kind.as_str()), ("media.draft.submitted", "mcsp.upload.draft.submitted.v1"));
    assert_eq!(
        (&data["draft"]["title"], &data["draft"]["visibility"]),
        (&json!("A walk"), &json!("subscribers"))
    );
    assert_eq!(data["draft"]["minimum_plan_level"], 3);
    assert_eq!(data["draft"]["regions"], json!({"allow": ["eu"], "deny": ["us"]}));
    assert_eq!(first["regions"], data["draft"]["regions"]);
    assert_eq!((&data["owner_id"], &data["submitted_at"]), (&json!(creator.user_id), &first["submitted_at"]));

    assert_eq!(stand.send(&upload["put"], MP4.to_vec()).await, 200);
    let complete = format!("/v1/uploads/{}/complete", upload["id"].as_str().unwrap());
    assert_eq!(creator.request("POST", &complete, None).await.status, 200);
    let announced = stand.bed.emitted(upload["id"].as_str().unwrap()).await;
    assert_eq!(announced[0].data["draft_id"], first["id"]);

    let changed = json!({"title": "A long walk", "upload_id": upload["id"]});
    assert_eq!(expect(&creator, 200, "PUT", &path, Some(changed)).await["submitted_at"], Value::Null);
    assert_eq!(submitted(&stand, &upload).await.len(), 1, "what is only saved is told nobody");
    expect(&creator, 200, "POST", &submit, None).await;
    assert_eq!(submitted(&stand, &upload).await.len(), 2);
    expect(&creator, 204, "DELETE", &path, None).await;
    expect(&creator, 404, "GET", &path, None).await;
}

#[tokio::test]
async fn a_draft_outlives_an_upload_that_came_to_nothing() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let (lost, found) = (upload(&creator).await, upload(&creator).await);
    let path = begun(&creator, json!({"title": "A walk", "upload_id": lost["id"]})).await;
    let cancel = format!("/v1/uploads/{}", lost["id"].as_str().unwrap());
    assert_eq!(creator.request("DELETE", &cancel, None).await.status, 204);
    let submit = format!("{path}/submit");
    assert_eq!(expect(&creator, 409, "POST", &submit, None).await["code"], "upload_over");
    assert_eq!(expect(&creator, 200, "GET", &path, None).await["title"], "A walk");
    let moved = json!({"title": "A walk", "upload_id": found["id"]});
    expect(&creator, 200, "PUT", &path, Some(moved)).await;
    expect(&creator, 200, "POST", &submit, None).await;
    assert!(submitted(&stand, &lost).await.is_empty());
    assert_eq!(submitted(&stand, &found).await.len(), 1);
}

#[tokio::test]
async fn an_upload_has_one_draft_and_both_are_its_owners() {
    let stand = Stand::new().await;
    let (creator, other) = (stand.creator("eu"), stand.creator("eu"));
    let upload = upload(&creator).await;
    let path = begun(&creator, json!({"title": "one", "upload_id": upload["id"]})).await;
    let second = json!({"title": "two", "upload_id": upload["id"]});
    let problem = expect(&creator, 409, "POST", "/v1/drafts", Some(second.clone())).await;
    assert_eq!(problem["code"], "upload_has_draft");
    let free = begun(&creator, json!({"title": "two"})).await;
    assert_eq!(expect(&creator, 409, "PUT", &free, Some(second.clone())).await["code"], "upload_has_draft");
    let problem = expect(&other, 422, "POST", "/v1/drafts", Some(second)).await;
    assert_eq!(problem["errors"][0]["code"], "unknown_upload");
    for method in ["GET", "DELETE"] {
        expect(&other, 404, method, &path, None).await;
    }
    expect(&other, 404, "PUT", &path, Some(json!({}))).await;
    expect(&other, 404, "POST", &format!("{path}/submit"), None).await;
    assert_eq!(expect(&other, 200, "GET", "/v1/drafts", None).await["items"], json!([]));
    let page = expect(&creator, 200, "GET", "/v1/drafts?limit=1", None).await;
    assert_eq!(page["items"][0]["title"], "two");
    let cursor = page["next_cursor"].as_str().unwrap();
    let page = expect(&creator, 200, "GET", &format!("/v1/drafts?limit=1&cursor={cursor}"), None).await;
    assert_eq!((&page["items"][0]["title"], &page["next_cursor"]), (&json!("one"), &Value::Null));
    assert_eq!(stand.deliver_erasure(&unique(), &creator.user_id).await, 204);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM drafts").await, 0);
}

#[tokio::test]
async fn a_key_begins_one_draft() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let key = [("idempotency-key", "k1")];
    let body = json!({"title": "A walk"});
    let first = creator.request_drafts(("POST", "/v1/drafts"), &key, Some(body.clone())).await;
    let again = creator.request_drafts(("POST", "/v1/drafts"), &key, Some(body)).await;
    assert_eq!((first.status, again.status, &first.json), (201, 201, &again.json));
    let other = creator.request_drafts(("POST", "/v1/drafts"), &key, Some(json!({}))).await;
    assert_eq!((other.status, other.code()), (422, "idempotency_key_reused"));
}

#[tokio::test]
async fn of_drafts_begun_at_once_exactly_as_many_are_kept_as_may_be() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    begun(&creator, json!({})).await;
    let nearly_all = "\
        INSERT INTO drafts (id, owner_id, version, draft, created_at, updated_at) \
        SELECT gen_random_uuid(), owner_id, 1, '{}', now(), now() FROM drafts, generate_series(1, 994)";
    stand.bed.execute(nearly_all).await;
    let replies = join_all((0..20).map(|_| ask(&creator, "POST", "/v1/drafts", Some(json!({}))))).await;
    let kept = replies.iter().filter(|reply| reply.status == 201).count();
    let refused = replies.iter().filter(|reply| reply.code() == "too_many_drafts").count();
    assert_eq!(
        (kept, refused),
        (5, 15),
        "{:?}",
        replies.iter().map(|reply| reply.status).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_draft_has_128_kib_of_json_and_a_text_32() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let fits = json!({"title": "x".repeat(32_768), "description": "y".repeat(32_768), "category": "z".repeat(32_768),
        "language": "a".repeat(32_000)});
    let path = begun(&creator, fits.clone()).await;
    assert_eq!(expect(&creator, 200, "GET", &path, None).await["language"], fits["language"]);
    let (mut longer, text) = (fits.clone(), "c".repeat(32_768));
    longer["tags"] = json!(["b".repeat(1_000)]);
    for too_long in [
        longer,
        json!({"tags": vec!["b".repeat(1_400); 100]}),
        json!({"custom_fields": {"k": text, "l": text, "m": text, "n": text}}),
        json!({"regions": {"allow": vec!["d".repeat(200); 500], "deny": vec!["e".repeat(200); 500]}}),
        // What JSON writes with six bytes.
        json!({"description": "\u{1}".repeat(32_000)}),
    ] {
        for (method, path) in [("POST", "/v1/drafts"), ("PUT", &path)] {
            let problem = expect(&creator, 422, method, path, Some(too_long.clone())).await;
            let error = &problem["errors"][0];
            assert_eq!((&error["pointer"], &error["code"]), (&json!(""), &json!("too_long")), "{problem}");
        }
    }
}

#[tokio::test]
async fn each_of_the_longest_drafts_is_listed_once_on_pages_that_are_not_too_long() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    begun(&creator, json!({})).await;
    // More than the bridge carries at once.
    let seventy = "\
        INSERT INTO drafts (id, owner_id, version, draft, created_at, updated_at) \
        SELECT gen_random_uuid(), owner_id, 1, jsonb_build_object('title', repeat('x', 32768), \
            'description', repeat('y', 32768), 'category', repeat('z', 32768), 'language', repeat('a', 32000)), now(), now() \
        FROM drafts, generate_series(1, 70)";
    stand.bed.execute(seventy).await;
    let (mut seen, mut listed, mut cursor) = (BTreeSet::new(), 0, String::new());
    loop {
        let page = ask(&creator, "GET", &format!("/v1/drafts?limit=100{cursor}"), None).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.len() < ANSWER_MAX_BYTES, "{} bytes", page.text.len());
        let items = page.json["items"].as_array().unwrap();
        assert!(!items.is_empty(), "a cursor leads to no empty page");
        listed += items.len();
        seen.extend(items.iter().map(|draft| draft["id"].as_str().unwrap().to_owned()));
        let Some(next) = page.json["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!((listed, seen.len()), (71, 71));
}
