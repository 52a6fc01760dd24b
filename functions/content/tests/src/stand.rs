//! Content, standing alone.

use crate::samples::{COMPLETED, INITIATED, completed, initiated, new_video_id};
use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Component, Reply, Setup, Testbed, unique};
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
    /// `content-catalog`
    pub catalog: Component,
}

impl Stand {
    /// Makes the database and the components.
    pub async fn new() -> Self {
        let bed = Testbed::new("content", Setup::default()).await;
        Stand {
            events: bed.component("content-events", content_events::router),
            videos: bed.component("content-videos", content_videos::router),
            publication: bed.component("content-publication", content_publication::router),
            search: bed.component("content-search", content_search::router),
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
