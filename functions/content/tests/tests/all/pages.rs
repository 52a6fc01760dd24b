//! Videos of which as much is said as can be, many at once: no answer is longer than a function's may be, and each video is in one.

use crate::feeds::guids;
use crate::finding::{ANSWER_MAX_BYTES, Finder, at, insert_all, media, published};
use content_domain::{
    CUSTOM_FIELDS_MAX, CustomFields, Description, Embedding, Media, Outcome, PageOrigin, Rendition, Role,
    State, TAGS_MAX, Tag, Tags, Title, Video,
};
use content_storage::keep_share;
use content_tests::Stand;
use content_tests::samples::new_user_id;
use http_body_util::Full;
use mcsp_bridge_api::postgres::Transaction;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{BRIDGE_TOKEN, Component, Reply};
use serde_json::Value;

/// What readers take for one character, of 25 bytes.
const FAMILY: &str = "👨‍👩‍👧‍👦";
/// More than fit into an answer.
const MANY: i64 = 30;

/// As long as its owner and the pipeline can make it.
fn longest(owner: UserId, second: i64) -> Video {
    let mut video = published("Needle", second);
    video.origin.owner = owner;
    let details = &mut video.details;
    details.title = Some(Title::parse(&format!("Needle {}", FAMILY.repeat(63))).unwrap());
    details.description = Description::parse(&"🎬".repeat(5_000)).unwrap();
    let tags = (0..TAGS_MAX).map(|n| Tag::parse(&format!("t{n}{}", FAMILY.repeat(18))).unwrap());
    details.tags = Tags::new(tags.collect()).unwrap();
    let mut fields = CustomFields::default();
    for n in 0..CUSTOM_FIELDS_MAX {
        fields.set(&format!("k{n}"), &FAMILY.repeat(32)).unwrap();
    }
    assert_eq!(fields.fit(), Ok(()));
    details.custom_fields = fields;
    let origins = (0..100).map(|n| format!("https://{n}.{}", "a".repeat(240)));
    video.embedding = Embedding::listed(origins.map(|text| PageOrigin::parse(&text).unwrap()).collect());
    let rendition = Rendition {
        name: "360p".to_owned(),
        width: 640,
        height: 360,
        bitrate_bps: 800_000,
        codecs: "avc1.4d401e,mp4a.40.2".to_owned(),
    };
    let media = Media { renditions: vec![rendition; 200], ..media() };
    video.state = State::Published { media, first_published_at: at(second) };
    video
}

fn shared(video: Video, user: UserId) -> Video {
    match video.share(user, Role::Viewer, at(0)).unwrap() {
        Outcome::Changed(change) => change.video,
        Outcome::Unchanged(video) => video,
    }
}

/// The newest first.
fn ids(videos: &[Video]) -> Vec<VideoId> {
    videos.iter().rev().map(|video| video.origin.id).collect()
}

async fn page(stand: &Stand, user: UserId, component: &Component, path: &str) -> Reply {
    let page = stand.send_as(user, component, ("GET", path), None).await;
    assert_eq!(page.status, 200, "{path}: {}", page.text);
    assert!(page.text.len() < ANSWER_MAX_BYTES, "{path}: {} bytes", page.text.len());
    page
}

/// All items of a list, page by page, and how many pages it has.
async fn walk(stand: &Stand, user: UserId, path: &str) -> (Vec<Value>, usize) {
    let (mut items, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = page(stand, user, &stand.videos, &format!("{path}?limit=100{cursor}")).await.json;
        let shown = page["items"].as_array().unwrap();
        assert!(!shown.is_empty(), "{path}: a cursor leads to no empty page");
        items.extend(shown.iter().cloned());
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (items, pages),
        }
    }
}

fn parsed(id: &Value) -> VideoId {
    id.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn each_is_found_once() {
    for finder in Finder::both().await {
        let videos: Vec<_> = (0..MANY).map(|n| longest(new_user_id(), n)).collect();
        finder.write(&videos).await;
        for query in ["limit=100", "q=needle&limit=100", "limit=4"] {
            assert_eq!(finder.walk(query).await, ids(&videos), "{query}");
        }
        let page = finder.page("limit=100&facets=true").await;
        assert_eq!(page["facets"]["total"], MANY);
        assert!((2..MANY as usize).contains(&page["items"].as_array().unwrap().len()));
        assert_eq!(finder.page("limit=4").await["items"].as_array().unwrap().len(), 4);
    }
}

#[tokio::test]
async fn each_is_listed_once_to_its_owner_and_to_who_works_on_it() {
    let stand = Stand::new().await;
    let (owner, viewer) = (new_user_id(), new_user_id());
    let videos: Vec<_> = (0..MANY).map(|n| shared(longest(owner, n), viewer)).collect();
    insert_all(&stand, &videos).await;
    let shares = videos.iter().map(|video| keep_share(video.origin.id, viewer)).collect();
    stand.bed.bridge("content-events").transact(Transaction::of(shares)).await.unwrap();
    let (listed, pages) = walk(&stand, owner, "/v1/videos").await;
    assert_eq!(listed.iter().map(|video| parsed(&video["id"])).collect::<Vec<_>>(), ids(&videos));
    assert!(pages > 2 && listed[0]["embedding"]["origins"].as_array().unwrap().len() == 100, "{pages} pages");
    let (listed, pages) = walk(&stand, viewer, "/v1/videos/shared").await;
    assert_eq!(listed.iter().map(|item| parsed(&item["video"]["id"])).collect::<Vec<_>>(), ids(&videos));
    assert!(pages > 2, "{pages} pages");
}

#[tokio::test]
async fn more_than_the_bridge_carries_at_once_make_pages_and_a_feed() {
    let finder = Finder::in_postgres().await;
    let (creator, viewer) = (new_user_id(), new_user_id());
    let videos: Vec<_> = (0..101).map(|n| shared(longest(creator, n), viewer)).collect();
    finder.write(&videos).await;
    let (stand, newest) = (&finder.stand, ids(&videos));
    let shares = videos.iter().map(|video| keep_share(video.origin.id, viewer)).collect();
    stand.bed.bridge("content-events").transact(Transaction::of(shares)).await.unwrap();
    for (user, component, path, id) in [
        (creator, &stand.search, "/v1/search", "/id"),
        (creator, &stand.videos, "/v1/videos", "/id"),
        (viewer, &stand.videos, "/v1/videos/shared", "/video/id"),
    ] {
        let first = page(stand, user, component, &format!("{path}?limit=100")).await.json;
        let items = first["items"].as_array().unwrap();
        let found: Vec<_> = items.iter().map(|item| parsed(item.pointer(id).unwrap())).collect();
        assert_eq!(found, newest[..found.len()], "{path}");
        assert!(found.len() > 1 && first["next_cursor"].is_string(), "{path}: {} items", found.len());
    }
    let feed = stand.search.send(("GET", &format!("/v1/creators/{creator}/feed")), &[], None).await;
    assert_eq!(feed.status, 200, "{}", feed.text);
    assert!(feed.text.len() < ANSWER_MAX_BYTES, "{} bytes", feed.text.len());
    let found = guids(&feed.text);
    assert!((2..100).contains(&found.len()), "{} items", found.len());
    assert_eq!(found, newest[..found.len()].iter().map(VideoId::to_string).collect::<Vec<_>>());
}

/// A message of gRPC that asks for these videos.
fn asking_for(ids: &[VideoId]) -> Vec<u8> {
    let mut message = Vec::new();
    for id in ids.iter().map(VideoId::to_string) {
        // Field 1, of so many bytes.
        message.extend([0x0a, u8::try_from(id.len()).unwrap()]);
        message.extend(id.into_bytes());
    }
    let mut framed = vec![0];
    framed.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    framed.extend(message);
    framed
}

#[tokio::test]
async fn other_services_are_given_as_many_as_fit_and_told_what_remains() {
    let stand = Stand::new().await;
    let videos: Vec<_> = (0..100).map(|n| longest(new_user_id(), n)).collect();
    insert_all(&stand, &videos).await;
    let bearer = format!("Bearer {BRIDGE_TOKEN}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/grpc")];
    let (mut left, mut answers) = (ids(&videos), 0);
    while !left.is_empty() {
        let method = ("POST", "/content.v1.Catalog/BatchGet");
        let reply = stand.catalog.send_body(method, &headers, Full::from(asking_for(&left))).await;
        // That of a refusal stands in the headers.
        assert_eq!((reply.status, reply.headers.get("grpc-status")), (200, None), "{:?}", reply.headers);
        assert!(reply.text.len() < ANSWER_MAX_BYTES, "{} bytes", reply.text.len());
        // A result names its video twice: as it was asked for, and in the video.
        let named = |id: &VideoId| reply.text.matches(&id.to_string()).count();
        let (answered, remaining): (Vec<VideoId>, Vec<VideoId>) =
            left.iter().copied().partition(|id| named(id) == 2);
        assert!(!answered.is_empty() && remaining.iter().all(|id| named(id) == 1));
        assert_eq!([answered, remaining.clone()].concat(), left, "the first ones are answered");
        left = remaining;
        answers += 1;
    }
    assert!((5..50).contains(&answers), "{answers} answers");
}
