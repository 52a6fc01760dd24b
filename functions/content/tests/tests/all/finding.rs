//! Content with one of its two backends of search, and videos to be found.

use content_domain::{
    Collaborators, Details, Embedding, Media, Origin, Packaged, Region, Regions, State, Thumbnails, Title,
    Tracks, Video, Viewer, Visibility, Withheld,
};
use content_storage::insert;
use content_tests::Stand;
use content_tests::samples::{new_user_id, new_video_id};
use jiff::{SignedDuration, Timestamp};
use mcsp_bridge_api::postgres::Transaction;
use mcsp_ids::{UploadId, UserId, VideoId};
use serde_json::Value;

/// What a function's answer may have.
pub const ANSWER_MAX_BYTES: usize = 1024 * 1024;

/// Who finds.
pub struct Finder {
    pub stand: Stand,
    /// Where the one who looks is; somebody who has not signed in, where that is none.
    pub region: Option<&'static str>,
    /// As answers call it.
    backend: &'static str,
}

pub fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_700_000_000 + second)
}

pub fn media() -> Media {
    let (dash, hls_steered) = (None, None);
    let packaged = Packaged { prefix: "packaged/v/".into(), hls: "master.m3u8".into(), dash, hls_steered };
    Media { duration_ms: 1_000, renditions: Vec::new(), packaged, protection: None, thumbnails: Vec::new() }
}

pub fn published(title: &str, second: i64) -> Video {
    let id = new_video_id();
    let upload = UploadId::from_uuid(id.uuid());
    Video {
        origin: Origin {
            id,
            owner: new_user_id(),
            upload: Some(upload),
            region: "eu".into(),
            asks_for_protection: false,
        },
        version: 1,
        state: State::Published { media: media(), first_published_at: at(second) },
        withheld: Withheld::default(),
        deletion: None,
        visibility: Visibility::Public,
        regions: Regions::default(),
        publish_at: None,
        details: Details { title: Some(Title::parse(title).unwrap()), ..Details::default() },
        tracks: Tracks::default(),
        collaborators: Collaborators::default(),
        thumbnails: Thumbnails::default(),
        created_at: at(second),
        updated_at: at(second),
        embedding: Embedding::default(),
    }
}

pub fn regions(allow: &[&str], deny: &[&str]) -> Regions {
    let parse = |names: &[&str]| names.iter().map(|name| Region::parse(name).unwrap()).collect();
    Regions::new(parse(allow), parse(deny))
}

/// As the pure decision has them.
pub fn viewer(who: Option<(UserId, &str)>) -> Viewer {
    who.map_or(Viewer::Anyone, |(id, region)| Viewer::User { id, region: Region::parse(region).ok() })
}

pub async fn insert_all(stand: &Stand, videos: &[Video]) {
    for videos in videos.chunks(100) {
        let statements = videos.iter().map(|video| insert(video, None)).collect();
        let transaction = Transaction::of(statements);
        stand.bed.bridge("content-events").transact(transaction).await.unwrap();
    }
}

impl Finder {
    pub async fn in_postgres() -> Finder {
        Finder { stand: Stand::new().await, region: None, backend: "postgres" }
    }

    pub async fn both() -> [Finder; 2] {
        let in_engine = Finder { stand: Stand::with_search().await, region: None, backend: "opensearch" };
        [Finder::in_postgres().await, in_engine]
    }

    /// Writes videos that are found from then on.
    pub async fn write(&self, videos: &[Video]) {
        insert_all(&self.stand, videos).await;
        if self.backend != "postgres" {
            self.stand.reindex().await;
        }
    }

    /// An answer of search, at a path and query behind `/v1/search`.
    pub async fn answer(&self, path: &str) -> Value {
        let who = self.region.map(|region| (new_user_id(), region));
        let reply = self.stand.get_from(who, &self.stand.search, &format!("/v1/search{path}")).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.json);
        assert_eq!(reply.headers["search-backend"], self.backend, "{path}");
        assert!(reply.text.len() < ANSWER_MAX_BYTES, "{path}: {} bytes", reply.text.len());
        reply.json
    }

    pub async fn page(&self, query: &str) -> Value {
        self.answer(&format!("?{query}")).await
    }

    pub async fn titles(&self, query: &str) -> Vec<String> {
        titles(&self.page(query).await)
    }

    /// All hits, page by page.
    pub async fn walk(&self, query: &str) -> Vec<VideoId> {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.page(&format!("{query}{cursor}")).await;
            let items = page["items"].as_array().unwrap();
            assert!(!items.is_empty() || cursor.is_empty(), "a cursor leads to no empty page");
            seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().parse::<VideoId>().unwrap()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return seen,
            }
        }
    }
}

pub fn titles(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}
