//! Content, standing alone.

use crate::samples::{COMPLETED, INITIATED, completed, initiated, new_video_id};
use mcsp_access::{Claims, Role};
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{BRIDGE_TOKEN, Component, Reply, Setup, Testbed, store_url, unique};
use serde_json::{Value, json};

/// Content with a database of its own.
pub struct Stand {
    /// What it stands on.
    pub bed: Testbed,
    /// `content-events`
    pub events: Component,
    /// `content-videos`
    pub videos: Component,
    /// `content-publication`
    pub publication: Component,
    /// `content-search`
    pub search: Component,
    /// `content-indexer`
    pub indexer: Component,
    /// `content-catalog`
    pub catalog: Component,
}

impl Stand {
    /// Makes the database and the components.
    pub async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    /// The same with a search engine, in which it has an index of its own.
    pub async fn with_search() -> Self {
        Self::with_search_at(store_url("MCSP_TEST_SEARCH_URL")).await
    }

    /// The same with a search engine, or what is taken for one, at this address.
    pub async fn with_search_at(url: String) -> Self {
        Self::with_search_as(url, ("", "")).await
    }

    /// The same, signed in there.
    pub async fn with_search_as(url: String, (user, password): (&str, &str)) -> Self {
        let variables = vec![
            ("search_index", unique()),
            ("search_user", user.to_owned()),
            ("search_password", password.to_owned()),
            // The engine is well and the cores are busy: what waits for a core must not be taken for an outage.
            ("search_patience_ms", "2000".to_owned()),
        ];
        Self::with(Setup { variables, targets: vec![("search", url)], ..Setup::default() }).await
    }

    /// The same where there are pages on which people see videos, and that others embed.
    pub async fn with_pages() -> Self {
        let variables = vec![
            ("watch_url_template", "https://tv.example/watch?v={video_id}".to_owned()),
            ("embed_url_template", "https://tv.example/embed/{video_id}".to_owned()),
        ];
        Self::with(Setup { variables, ..Setup::default() }).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let bed = Testbed::new("content", setup).await;
        Stand {
            events: bed.component("content-events", content_events::router),
            videos: bed.component("content-videos", content_videos::router),
            publication: bed.component("content-publication", content_publication::router),
            search: bed.component("content-search", content_search::router),
            indexer: bed.component("content-indexer", content_indexer::router),
            catalog: bed.component("content-catalog", content_catalog::router),
            bed,
        }
    }

    /// Sends a request in a creator's name.
    pub async fn send_as(
        &self,
        user: UserId,
        component: &Component,
        route: (&str, &str),
        body: Option<Value>,
    ) -> Reply {
        let bearer = self.bed.bearer(user, Role::Creator);
        component.send(route, &[("authorization", &bearer)], body).await
    }

    /// Asks as somebody who is in a region, or who has not signed in.
    pub async fn get_from(&self, who: Option<(UserId, &str)>, component: &Component, path: &str) -> Reply {
        let bearer = who.map(|(user, region)| {
            let claims = self.bed.claims(user, Role::Viewer);
            self.bed.bearer_of(&Claims { region: region.to_owned(), ..claims })
        });
        let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
        component.send(("GET", path), &headers, None).await
    }

    /// Asks something of the index in the platform's name.
    pub async fn of_index(&self, path: &str, body: Option<Value>) -> Reply {
        let bearer = format!("Bearer {BRIDGE_TOKEN}");
        let path = format!("/v1/search-indexes{path}");
        self.indexer.send(("POST", &path), &[("authorization", &bearer)], body).await
    }

    /// Builds the index anew, as `mcsp reindex` does. What is found by then is found at once.
    pub async fn reindex(&self) {
        let begun = self.of_index("", None).await;
        assert_eq!(begun.status, 201, "{}", begun.json);
        let name = begun.json["name"].as_str().expect("a name").to_owned();
        let (mut videos, mut last) = (0, Value::Null);
        loop {
            let page = self.of_index(&format!("/{name}/videos"), Some(json!({"after": last}))).await;
            assert_eq!(page.status, 200, "{}", page.json);
            videos += page.json["written"].as_u64().expect("a number");
            last = page.json["last"].clone();
            if last.is_null() {
                break;
            }
        }
        let active = self.of_index(&format!("/{name}/activate"), Some(json!({"videos": videos}))).await;
        assert_eq!((active.status, active.json["videos"].as_u64()), (200, Some(videos)), "{}", active.json);
    }

    /// A video that is ready and has a title.
    pub async fn ready_video(&self, owner: UserId, title: &str) -> VideoId {
        let video = new_video_id();
        self.events.deliver_until_taken(&unique(), INITIATED, &initiated(video, owner)).await;
        self.events.deliver_until_taken(&unique(), COMPLETED, &completed(video)).await;
        let path = format!("/v1/videos/{video}");
        let edited = self.send_as(owner, &self.videos, ("PATCH", &path), Some(json!({"title": title}))).await;
        assert_eq!(edited.status, 200, "{}", edited.json);
        video
    }
}
