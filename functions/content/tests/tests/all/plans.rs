//! Nothing that is asked reads a whole table, however many videos there are.

use content_tests::Stand;
use content_tests::samples::{
    ACCOUNT, COMPLETED, INITIATED, SUBMITTED, account, completed, initiated, new_user_id, new_video_id,
    submitted,
};
use http_body_util::Full;
use mcsp_access::Role;
use mcsp_testbed::{BRIDGE_TOKEN, unique};
use serde_json::json;

/// One in ten is found by search, of these one in four not everywhere; an owner has a hundred.
const VIDEOS: &str = "\
    INSERT INTO videos (id, owner_id, upload_id, region, version, state, visibility, title, description, tags, category, \
        language, media, first_published_at, created_at, updated_at, regions_allow, regions_deny) \
    SELECT gen_random_uuid(), lpad(to_hex(n % 1000), 32, '0')::uuid, gen_random_uuid(), 'eu', 2, \
        CASE WHEN n % 10 = 0 THEN 'published' ELSE 'ready' END, 'public', \
        'walk ' || n || ' word' || n % 500, 'about ' || md5(n::text), ARRAY['tag' || n % 100], 'category-' || n % 20, \
        CASE WHEN n % 3 = 0 THEN 'en' ELSE 'de' END, '{\"duration_ms\": 1, \"renditions\": [], \
            \"packaged\": {\"prefix\": \"p/\", \"hls\": \"m\"}}', \
        CASE WHEN n % 10 = 0 THEN now() - n * interval '1 minute' END, now(), now(), \
        CASE WHEN n % 80 = 0 THEN ARRAY['eu'] ELSE '{}' END, CASE WHEN n % 80 = 10 THEN ARRAY['us'] ELSE '{}' END \
    FROM generate_series(1, 100000) AS n";
const CAPTIONS: &str = "INSERT INTO captions (video_id, language, version, webvtt) \
    SELECT id, language, 2, 'WEBVTT' FROM (SELECT id FROM videos LIMIT 10000) AS v, unnest(ARRAY['de', 'en']) AS language";
const CHAPTERS: &str =
    "INSERT INTO chapters (video_id, version, chapters) SELECT id, 2, '[]' FROM videos LIMIT 20000";
const DRAFTS: &str = "INSERT INTO drafts (video_id, owner_id, submitted_at, draft) \
    SELECT gen_random_uuid(), gen_random_uuid(), now(), '{}' FROM generate_series(1, 20000)";

/// Somebody works on a thousand of them, and of each a user is named by whom it is offered to.
const SHARES: &str = "INSERT INTO shares (user_id, video_id) \
    SELECT CASE WHEN n % 20 = 0 THEN lpad('2', 32, '0')::uuid ELSE gen_random_uuid() END, id \
    FROM (SELECT id, row_number() OVER () AS n FROM videos LIMIT 20000) AS v";
const TRANSFERS: &str = "INSERT INTO transfers (video_id, from_id, to_id, offered_at, expires_at) \
    SELECT id, owner_id, gen_random_uuid(), now(), now() FROM videos LIMIT 20000";

#[tokio::test]
async fn no_query_reads_all_videos() {
    let stand = Stand::new().await;
    for filling in [VIDEOS, DRAFTS, CAPTIONS, CHAPTERS, SHARES, TRANSFERS] {
        stand.bed.execute(filling).await;
    }
    stand.bed.redefine("ANALYZE").await;
    let (owner, video) = (new_user_id(), new_video_id());
    stand.bed.take_plans().await;

    stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(video, owner)).await;
    stand.events.deliver_until_taken(&unique(), COMPLETED, &completed(video)).await;
    let said = submitted(video, owner, 1, json!({"title": "A walk"}));
    stand.events.deliver_until_taken(&unique(), SUBMITTED, &said).await;
    let due = json!({"video_id": video, "submitted_at": said["submitted_at"]});
    stand.events.deliver_until_taken(&unique(), "mcsp.content.video.draft_due.v1", &due).await;
    let path = format!("/v1/videos/{video}");
    let mut asked = 0;
    for (method, path, body) in [
        ("GET", path.as_str(), None),
        ("PATCH", &path, Some(json!({"title": "A long walk"}))),
        ("GET", "/v1/videos?limit=100", None),
        ("GET", "/v1/videos?state=ready", None),
    ] {
        asked += 1;
        let reply = stand.send_as(owner, &stand.videos, (method, path), body).await;
        assert_eq!(reply.status, 200, "{method} {path}: {}", reply.json);
    }
    let chapters = json!({"chapters": [{"start_ms": 0, "title": "The way up"}]});
    let bearer_of_owner = stand.bed.bearer(owner, Role::Creator);
    for (method, path, body, status) in [
        ("PUT", "chapters", chapters.to_string(), 200),
        ("GET", "chapters", String::new(), 200),
        ("PUT", "captions/en", "WEBVTT\n\n00:01.000 --> 00:02.000\n".to_owned(), 201),
        ("GET", "captions/en", String::new(), 200),
        ("DELETE", "captions/en", String::new(), 204),
        ("PUT", "chapters", json!({"chapters": []}).to_string(), 200),
    ] {
        asked += 1;
        let media_type = if path == "chapters" { "application/json" } else { "text/vtt" };
        let headers = [("authorization", bearer_of_owner.as_str()), ("content-type", media_type)];
        let path = format!("/v1/videos/{video}/{path}");
        let reply = stand.videos.send_body((method, &path), &headers, Full::from(body)).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text);
    }
    let (editor, new) = (new_user_id(), new_user_id());
    for (caller, method, path, body, status) in [
        (owner, "PUT", format!("/collaborators/{editor}"), Some(json!({"role": "editor"})), 201),
        (editor, "PATCH", String::new(), Some(json!({"title": "A walk by the sea"})), 200),
        (editor, "GET", "/collaborators".to_owned(), None, 200),
        (editor, "DELETE", format!("/collaborators/{editor}"), None, 204),
        (owner, "POST", "/transfer".to_owned(), Some(json!({"to": new})), 201),
        (new, "GET", "/transfer".to_owned(), None, 200),
        (new, "DELETE", "/transfer".to_owned(), None, 204),
        (owner, "POST", "/transfer".to_owned(), Some(json!({"to": new})), 201),
        (new, "POST", "/transfer/accept".to_owned(), None, 200),
        (new, "POST", "/transfer".to_owned(), Some(json!({"to": owner})), 201),
        (owner, "POST", "/transfer/accept".to_owned(), None, 200),
    ] {
        asked += 1;
        let path = format!("/v1/videos/{video}{path}");
        let reply = stand.send_as(caller, &stand.videos, (method, &path), body).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.json);
    }
    // Who works on many, and on none.
    for user in ["user_00000000000000000000000002".parse().unwrap(), editor] {
        let path = "/v1/videos/shared?limit=5";
        let first = stand.send_as(user, &stand.videos, ("GET", path), None).await.json;
        asked += 1;
        if let Some(cursor) = first["next_cursor"].as_str() {
            asked += 1;
            let path = format!("{path}&cursor={cursor}");
            assert_eq!(stand.send_as(user, &stand.videos, ("GET", &path), None).await.status, 200);
        }
    }
    let erased = account(editor, 2, "erased");
    stand.events.deliver_until_taken(&unique(), ACCOUNT, &erased).await;
    let erased = account(owner, 2, "erased");
    stand.events.deliver_until_taken(&unique(), ACCOUNT, &erased).await;
    // An owner of many, and the pages behind the first.
    let many = "user_00000000000000000000000001".parse().unwrap();
    for state in ["", "&state=ready", "&state=published"] {
        let path = format!("/v1/videos?limit=5{state}");
        let first = stand.send_as(many, &stand.videos, ("GET", &path), None).await.json;
        if let Some(cursor) = first["next_cursor"].as_str() {
            asked += 1;
            let path = format!("{path}&cursor={cursor}");
            assert_eq!(stand.send_as(many, &stand.videos, ("GET", &path), None).await.status, 200);
        }
    }
    let export = stand.send_as(many, &stand.videos, ("GET", "/v1/videos/export"), None).await.json;
    for record in [&export["items"][0], &export["items"][1]] {
        assert!(record["video"]["id"].is_string(), "{record}");
    }
    let next = format!("/v1/videos/export?cursor={}", export["next_cursor"].as_str().unwrap());
    let next = stand.send_as(many, &stand.videos, ("GET", &next), None).await;
    assert_eq!(next.status, 200, "{}", next.json);
    let listed =
        stand.send_as(many, &stand.videos, ("GET", "/v1/videos?limit=3&state=ready"), None).await.json;
    let ids: Vec<_> = listed["items"].as_array().unwrap().iter().map(|video| &video["id"]).collect();
    let publish = json!({"action": {"kind": "publish"}, "video_ids": ids});
    let bearer = stand.bed.bearer(many, Role::Creator);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "a")];
    let published = stand.publication.send(("POST", "/v1/videos/bulk"), &headers, Some(publish)).await;
    assert_eq!((published.status, &published.json["items"][0]["status"]), (200, &json!("done")));
    asked += 4;
    for query in [
        "q=word7",
        "q=word7&sort=newest",
        "q=wor+word8",
        "tag=tag7",
        "category=category-3",
        "language=en",
        "",
        "q=word7&language=de&category=category-7&tag=tag7",
        "q=wrod7+",
        "q=wrod7+walk&sort=newest",
        "q=word7&facets=true",
        "tag=tag7&facets=true",
        "owner_id=user_0000000000000000000000000a",
        "min_duration_ms=2&max_duration_ms=3",
        "published_from=2026-01-01T00:00:00Z&published_before=2026-01-02T00:00:00Z",
    ] {
        let path = format!("/v1/search?limit=5&{query}");
        for who in [None, Some((owner, "us"))] {
            let first = stand.get_from(who, &stand.search, &path).await;
            assert_eq!(first.status, 200, "{path}: {}", first.json);
            asked += 1;
            if let Some(cursor) = first.json["next_cursor"].as_str() {
                let next = stand.get_from(who, &stand.search, &format!("{path}&cursor={cursor}")).await;
                assert_eq!(next.status, 200, "{path}: {}", next.json);
            }
        }
    }
    for who in [None, Some((owner, "us"))] {
        let suggested = stand.get_from(who, &stand.search, "/v1/search/suggest?q=word7").await;
        assert_eq!(suggested.status, 200, "{}", suggested.json);
    }
    let feed = ("GET", "/v1/creators/user_0000000000000000000000000a/feed");
    let feed = stand.search.send(feed, &[], None).await;
    assert_eq!((feed.status, feed.text.matches("<item>").count()), (200, 50), "{}", feed.text);
    let regions = Some(json!({"allow": ["eu"], "deny": []}));
    let denied = stand.send_as(owner, &stand.publication, ("PUT", &format!("{path}/regions")), regions).await;
    assert_eq!(denied.status, 200, "{}", denied.json);
    let bearer = stand.bed.bearer(owner, Role::Moderator);
    let why = format!("{path}/explain-visibility");
    let explained = stand.publication.send(("GET", &why), &[("authorization", &bearer)], None).await;
    assert_eq!(explained.status, 200, "{}", explained.json);
    // What the index is built of; there is none to be built here.
    let told = json!({"video_id": video, "version": 1});
    assert_eq!(stand.indexer.deliver(&unique(), "mcsp.content.video.edited.v1", &told).await.status, 204);
    for last in [json!(null), json!(video)] {
        let page = stand.of_index("/none/videos", Some(json!({"after": last}))).await;
        assert_eq!(page.status, 409, "{}", page.json);
    }
    let (path, bearer) = (format!("/v1/catalog/{video}"), format!("Bearer {BRIDGE_TOKEN}"));
    let catalog = stand.catalog.send(("GET", &path), &[("authorization", &bearer)], None).await;
    assert_eq!(catalog.status, 200, "{}", catalog.json);
    let plans = stand.bed.take_plans().await;
    assert!(plans.len() > asked, "{}", plans.len());
    for plan in plans {
        for table in ["videos", "drafts", "captions", "chapters", "shares", "transfers"] {
            assert!(!plan.plan.contains(&format!("Seq Scan on {table}")), "{}\n{}", plan.sql, plan.plan);
        }
    }
}
