//! The index of the search engine: that it finds what Postgres finds, never goes back in time, and can be away.

use crate::finding::{at, insert_all, media, published, regions, titles};
use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use content_domain::{Category, Description, Language, Media, State, Tag, Tags, Video, Visibility};
use content_tests::Stand;
use content_tests::samples::{decided, new_user_id};
use http::StatusCode;
use mcsp_bridge_api::services;
use mcsp_ids::VideoId;
use mcsp_testbed::{Reply, serve, unique};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What changes the index is seen by searches a second later.
const SEEN_MAX: Duration = Duration::from_secs(30);
const CHANGED: &str = "mcsp.content.video.edited.v1";

async fn search(stand: &Stand, query: &str) -> Reply {
    search_from(stand, None, query).await
}

/// As somebody in this region.
async fn search_from(stand: &Stand, region: Option<&str>, query: &str) -> Reply {
    let who = region.map(|region| (new_user_id(), region));
    let reply = stand.get_from(who, &stand.search, &format!("/v1/search?{query}")).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.json);
    reply
}

/// Waits until a search in the engine finds these.
async fn until_found(stand: &Stand, query: &str, found: &[&str]) {
    let begun = Instant::now();
    loop {
        let reply = search(stand, query).await;
        assert_eq!(reply.headers["search-backend"], "opensearch", "{query}");
        if titles(&reply.json) == found {
            return;
        }
        assert!(begun.elapsed() < SEEN_MAX, "{query}: {:?}", titles(&reply.json));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Tells the index of a change, as Content does by event.
async fn tell(stand: &Stand, video: VideoId, version: i64) {
    stand
        .indexer
        .deliver_until_taken(&unique(), CHANGED, &json!({"video_id": video, "version": version}))
        .await;
}

/// Videos of few words, so that each is in many, with all that is filtered by.
fn mixed() -> Vec<Video> {
    const WORDS: [&str; 12] = [
        "zebra", "zebu", "crossing", "walk", "walking", "talk", "Café", "it's", "foo-bar", "a", "1.5",
        "straße",
    ];
    let word = |n: usize| WORDS[n % WORDS.len()];
    let video = |n: usize| {
        let mut video =
            published(&format!("{} {} {}", word(n), word(n / 3), word(n * 7 + 1)), (n / 4) as i64);
        let details = &mut video.details;
        details.description = Description::parse(&format!("{} {}", word(n * 5 + 2), word(n / 2))).unwrap();
        let tags = (0..n % 4).map(|m| Tag::parse(word(n + m)).unwrap()).collect();
        details.tags = Tags::new(tags).unwrap();
        details.category = (!n.is_multiple_of(3)).then(|| Category::parse(["film", "music"][n % 2]).unwrap());
        details.language =
            (!n.is_multiple_of(5)).then(|| Language::parse(["en", "de", "pt-BR"][n % 3]).unwrap());
        let media = Media { duration_ms: 500 * (n % 7) as u64, ..media() };
        video.state = State::Published { media, first_published_at: at((n / 4) as i64) };
        if n.is_multiple_of(11) {
            video.visibility = Visibility::Unlisted;
        }
        video.regions = match n % 7 {
            0 => regions(&["eu"], &[]),
            1 => regions(&[], &["eu", "ap"]),
            2 => regions(&["us", "eu"], &["us"]),
            _ => regions(&[], &[]),
        };
        video
    };
    (0..90).map(video).collect()
}

const QUERIES: [&str; 24] = [
    "",
    "q=zebra",
    "q=zeb",
    "q=walk",
    "q=walk+",
    "q=walk+zebra",
    "q=walk+or+zebu",
    "q=zebra+-walk",
    "q=-zebra",
    "q=%22zebra+crossing%22",
    "q=%22a+zebra%22+or+talk",
    "q=it%27s",
    "q=foo-bar",
    "q=foo",
    "q=1.5",
    "q=caf%C3%A9",
    "q=stra%C3%9Fe",
    "q=zerba+",
    "q=zerba+crosing+",
    "q=wolk+or+zzzz",
    "q=kwxy",
    "q=!!!",
    "q=walk&tag=zebra",
    "tag=walk&category=film",
];

#[tokio::test]
async fn videos_whose_words_are_many_get_into_the_index_too() {
    // More than the bridge carries at once: 5,000 characters of three bytes each.
    const VIDEOS: u32 = 700;
    let stand = Stand::with_search().await;
    let owner = new_user_id();
    stand.ready_video(owner, "A walk").await;
    let long = format!(
        "INSERT INTO videos (id, owner_id, upload_id, region, version, state, visibility, title, description, tags, media, \
             first_published_at, created_at, updated_at) \
         SELECT gen_random_uuid(), owner_id, upload_id, region, 2, 'published', 'public', 'own' || n, text, '{{}}', media, now(), now(), now() \
         FROM videos, generate_series(1, {VIDEOS}) AS n, \
             LATERAL (SELECT string_agg(translate(md5(n || ' ' || word), '0123456789abcdef', 'アイウエオカキクケコサシスセソタ'), ' ') AS text \
                 FROM generate_series(1, 150) AS word) AS texts"
    );
    stand.bed.execute(&long).await;
    stand.reindex().await;
    until_found(&stand, "q=own1+", &["own1"]).await;
    until_found(&stand, &format!("q=own{VIDEOS}+"), &[&format!("own{VIDEOS}")]).await;
}

#[tokio::test]
async fn the_engine_and_postgres_give_the_same_answers() {
    let stand = Stand::with_search().await;
    insert_all(&stand, &mixed()).await;
    stand.reindex().await;
    let filters = [
        (None, ""),
        (Some("eu"), ""),
        (Some("us"), "&sort=newest"),
        (Some("eu"), "&language=en"),
        (Some("ap"), "&min_duration_ms=1000&max_duration_ms=2500"),
    ];
    let mut found = 0;
    for query in QUERIES {
        for (region, filter) in filters {
            let mut path = format!("{query}{filter}&facets=true&limit=13");
            loop {
                let by_engine = search_from(&stand, region, &path).await;
                stand.bed.set_down("search", true);
                let by_postgres = search_from(&stand, region, &path).await;
                stand.bed.set_down("search", false);
                let backends =
                    [&by_engine, &by_postgres].map(|reply| reply.headers["search-backend"].clone());
                assert_eq!(backends, ["opensearch", "postgres"]);
                assert_eq!(by_engine.json, by_postgres.json, "{region:?} {path}");
                found += by_engine.json["items"].as_array().unwrap().len();
                // Each goes on where the other has been.
                let Some(cursor) = by_postgres.json["next_cursor"].as_str() else { break };
                path = format!("{query}{filter}&facets=true&limit=13&cursor={cursor}");
            }
        }
    }
    assert!(found > 500, "{found}");
    for typed in ["zeb", "walk", "walking+zeb", "it%27s", "stra", "a"] {
        let path = format!("/v1/search/suggest?q={typed}");
        let by_engine = stand.search.send(("GET", &path), &[], None).await;
        stand.bed.set_down("search", true);
        let by_postgres = stand.search.send(("GET", &path), &[], None).await;
        stand.bed.set_down("search", false);
        assert_eq!(by_engine.json, by_postgres.json, "{typed}");
    }
}

#[tokio::test]
async fn what_changes_is_changed_in_the_index() {
    let stand = Stand::with_search().await;
    stand.reindex().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "Needle").await;
    let publish = format!("/v1/videos/{video}/publish");
    assert_eq!(stand.send_as(owner, &stand.publication, ("POST", &publish), None).await.status, 200);
    // As the relay does: in order, and each of them twice.
    let tell_all = async || {
        for event in stand.bed.emitted(video).await {
            for _ in 0..2 {
                stand.indexer.deliver_until_taken(&unique(), &event.kind, &event.data).await;
            }
        }
    };
    tell_all().await;
    until_found(&stand, "q=needle", &["Needle"]).await;
    let rename = Some(json!({"title": "Haystack"}));
    let path = format!("/v1/videos/{video}");
    assert_eq!(stand.send_as(owner, &stand.videos, ("PATCH", &path), rename).await.status, 200);
    tell_all().await;
    until_found(&stand, "q=haystack", &["Haystack"]).await;
    until_found(&stand, "q=needle", &[]).await;
    let (kind, decision) = decided(video, 1, true);
    stand.events.deliver_until_taken(&unique(), kind, &decision).await;
    // Before the index knows, it is not shown.
    assert_eq!(titles(&search(&stand, "q=haystack").await.json), [""; 0]);
    tell_all().await;
    let begun = Instant::now();
    while search(&stand, "q=haystack&facets=true").await.json["facets"]["total"] != 0 {
        assert!(begun.elapsed() < SEEN_MAX);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let suggested = stand.search.send(("GET", "/v1/search/suggest?q=hay"), &[], None).await;
    assert_eq!(suggested.json["items"], json!([]));
}

#[tokio::test]
async fn what_is_denied_somewhere_is_neither_shown_nor_counted_there() {
    let stand = Stand::with_search().await;
    stand.reindex().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "Needle").await;
    let send = async |method, verb: &str, body| {
        let path = format!("/v1/videos/{video}/{verb}");
        assert_eq!(stand.send_as(owner, &stand.publication, (method, &path), body).await.status, 200);
    };
    let tell_all = async || {
        for event in stand.bed.emitted(video).await {
            stand.indexer.deliver_until_taken(&unique(), &event.kind, &event.data).await;
        }
    };
    let total = async |region| {
        search_from(&stand, region, "q=needle&facets=true").await.json["facets"]["total"].as_u64().unwrap()
    };
    send("POST", "publish", None).await;
    tell_all().await;
    until_found(&stand, "q=needle", &["Needle"]).await;
    send("PUT", "regions", Some(json!({"allow": [], "deny": ["us"]}))).await;
    // Before the index knows, it is not shown.
    assert_eq!(titles(&search_from(&stand, Some("us"), "q=needle").await.json), [""; 0]);
    tell_all().await;
    let begun = Instant::now();
    while total(Some("us")).await != 0 {
        assert!(begun.elapsed() < SEEN_MAX);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!((total(Some("eu")).await, total(None).await), (1, 0));
    send("PUT", "regions", Some(json!({"allow": [], "deny": []}))).await;
    tell_all().await;
    until_found(&stand, "q=needle", &["Needle"]).await;
    assert_eq!(total(Some("us")).await, 1);
}

#[tokio::test]
async fn an_index_of_another_shape_is_not_searched_and_is_removed_by_the_next() {
    let stand = Stand::with_search().await;
    let bridge = stand.bed.bridge("content-indexer");
    let engine = async |method: &str, path: String, body: Option<Value>| {
        let request = services::Request {
            target: "search".to_owned(),
            method: method.to_owned(),
            path,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
            idempotent: true,
            deadline_ms: None,
        };
        bridge.call(request).await.unwrap().status
    };
    let name = stand.of_index("", None).await.json["name"].as_str().unwrap().to_owned();
    let alias = name.rsplit_once("-2-").unwrap().0;
    let before = format!("/{alias}-0123");
    let aliases = json!({alias: {}, format!("{alias}-writes"): {}});
    assert_eq!(engine("PUT", before.clone(), Some(json!({"aliases": aliases}))).await, 200);
    let video = published("Needle", 0);
    let id = video.origin.id;
    insert_all(&stand, &[video]).await;
    tell(&stand, id, 1).await;
    let reply = search(&stand, "q=needle").await;
    assert_eq!(reply.headers["search-backend"], "postgres");
    assert_eq!(titles(&reply.json), ["Needle"]);
    stand.reindex().await;
    until_found(&stand, "q=needle", &["Needle"]).await;
    assert_eq!(engine("GET", before, None).await, 404);
}

#[tokio::test]
async fn the_index_never_goes_back_in_time() {
    let stand = Stand::with_search().await;
    stand.reindex().await;
    let video = Video { version: 7, ..published("Newer words", 0) };
    let id = video.origin.id;
    insert_all(&stand, &[video]).await;
    tell(&stand, id, 7).await;
    until_found(&stand, "q=newer", &["Newer words"]).await;
    // What somebody has read before, and writes only now.
    stand
        .bed
        .execute(&format!("UPDATE videos SET version = 6, title = 'Older words' WHERE id = '{}'", id.uuid()))
        .await;
    tell(&stand, id, 6).await;
    stand
        .bed
        .execute(&format!("UPDATE videos SET version = 7, title = 'Newer words' WHERE id = '{}'", id.uuid()))
        .await;
    // The one before has been seen by the time that a later one is.
    let other = published("Something else", 1);
    let other_id = other.origin.id;
    insert_all(&stand, &[other]).await;
    tell(&stand, other_id, 1).await;
    until_found(&stand, "q=something", &["Something else"]).await;
    until_found(&stand, "q=older", &[]).await;
    until_found(&stand, "q=newer", &["Newer words"]).await;
    // One that is gone stays gone, whatever is told later of an earlier version.
    stand.bed.execute(&format!("DELETE FROM videos WHERE id = '{}'", id.uuid())).await;
    tell(&stand, id, 8).await;
    tell(&stand, id, 7).await;
    let begun = Instant::now();
    while search(&stand, "q=newer&facets=true").await.json["facets"]["total"] != 0 {
        assert!(begun.elapsed() < SEEN_MAX);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn an_index_is_built_while_the_one_before_is_searched_and_both_are_written() {
    let stand = Stand::with_search().await;
    let (first, second) = (published("First", 0), published("Second", 1));
    insert_all(&stand, &[first]).await;
    assert_eq!(search(&stand, "").await.headers["search-backend"], "postgres", "there is no index yet");
    stand.reindex().await;
    assert_eq!(titles(&search(&stand, "").await.json), ["First"]);
    // One that is begun and left off changes nothing, and is removed by the next.
    let left = stand.of_index("", None).await.json["name"].as_str().unwrap().to_owned();
    let begun = stand.of_index("", None).await.json["name"].as_str().unwrap().to_owned();
    let after = |last: Value| Some(json!({"after": last}));
    let gone = stand.of_index(&format!("/{left}/videos"), after(Value::Null)).await;
    assert_eq!((gone.status, gone.code()), (409, "index_gone"));
    // What is told meanwhile is in both.
    let id = second.origin.id;
    insert_all(&stand, &[second]).await;
    tell(&stand, id, 1).await;
    until_found(&stand, "", &["Second", "First"]).await;
    let early = stand.of_index(&format!("/{begun}/activate"), Some(json!({"videos": 2}))).await;
    assert_eq!((early.status, early.code()), (409, "index_incomplete"), "{}", early.json);
    let page = stand.of_index(&format!("/{begun}/videos"), after(Value::Null)).await;
    assert_eq!(page.json, json!({"written": 2, "last": null}));
    for _ in 0..2 {
        let active = stand.of_index(&format!("/{begun}/activate"), Some(json!({"videos": 2}))).await;
        assert_eq!((active.status, &active.json), (200, &json!({"videos": 2})));
        until_found(&stand, "", &["Second", "First"]).await;
    }
    tell(&stand, id, 1).await;
    for (name, status) in [("others-0123", 409), ("_all", 400), ("*", 400), ("a,b", 400)] {
        let reply = stand.of_index(&format!("/{name}/activate"), Some(json!({"videos": 0}))).await;
        assert_eq!(reply.status, status, "{name}: {}", reply.json);
    }
}

#[tokio::test]
async fn without_an_engine_nothing_is_indexed_and_nothing_waits() {
    let stand = Stand::new().await;
    let reply = stand.of_index("", None).await;
    assert_eq!((reply.status, reply.code()), (409, "no_search_engine"));
    let video = published("Needle", 0);
    let id = video.origin.id;
    insert_all(&stand, &[video]).await;
    tell(&stand, id, 1).await;
    assert_eq!(search(&stand, "q=needle").await.headers["search-backend"], "postgres");
    let malformed = stand.indexer.deliver(&unique(), CHANGED, &json!({"video_id": "x"})).await;
    assert_eq!((malformed.status, malformed.code()), (422, "malformed_event"));
    let other = stand.indexer.deliver(&unique(), "mcsp.other.video.v1", &json!({})).await;
    assert_eq!(other.status, 204);
}

/// Answers everything with the same.
fn always(status: StatusCode, body: &'static str) -> Router {
    Router::new().fallback(any(move || async move { (status, body) }))
}

#[tokio::test]
async fn an_engine_that_fails_is_done_without() {
    let slow = Router::new().fallback(any(|| async {
        tokio::time::sleep(Duration::from_secs(120)).await;
        "{}"
    }));
    for (engine, router) in [
        ("garbage", always(StatusCode::OK, "what?")),
        ("another shape", always(StatusCode::OK, "{\"hits\": {\"hits\": [{\"sort\": [\"x\"]}]}}")),
        ("failing", always(StatusCode::INTERNAL_SERVER_ERROR, "{}")),
        ("full", always(StatusCode::TOO_MANY_REQUESTS, "{}")),
        ("closed", always(StatusCode::UNAUTHORIZED, "{}")),
        ("slow", slow),
    ] {
        let stand = Stand::with_search_at(serve(router).await).await;
        let video = published("Needle", 0);
        let id = video.origin.id;
        insert_all(&stand, &[video]).await;
        let begun = Instant::now();
        let reply = search(&stand, "q=needle").await;
        assert_eq!(reply.headers["search-backend"], "postgres", "{engine}");
        assert_eq!(titles(&reply.json), ["Needle"], "{engine}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{engine}");
        // What could not be written comes again.
        let told = json!({"video_id": id, "version": 1});
        let kept = stand.indexer.deliver(&unique(), CHANGED, &told).await;
        assert!(matches!(kept.status, 503 | 504), "{engine}: {}", kept.json);
    }
}

#[tokio::test]
async fn the_engine_is_told_who_asks() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let router = {
        let seen = Arc::clone(&seen);
        Router::new().fallback(any(move |request: Request| {
            let header = request.headers().get("authorization").cloned();
            seen.lock().unwrap().push(header);
            async { (StatusCode::NOT_FOUND, "{}") }
        }))
    };
    let url = serve(router).await;
    let stand = Stand::with_search_as(url, ("reader", "p:ss")).await;
    assert_eq!(search(&stand, "").await.headers["search-backend"], "postgres");
    let seen: Vec<_> =
        seen.lock().unwrap().iter().flatten().map(|value| value.to_str().unwrap().to_owned()).collect();
    assert_eq!(seen, ["Basic cmVhZGVyOnA6c3M="]);
}
