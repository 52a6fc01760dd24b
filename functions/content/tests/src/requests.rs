//! Requests to the components, and events as the bridge delivers them.

use crate::{BRIDGE_TOKEN, Stand};
use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt, Full};
use mcsp_access::Role;
use mcsp_function::Endpoint;
use mcsp_ids::{UploadId, UserId, VideoId};
use serde_json::{Value, json};
use uuid::Uuid;

/// What a component answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// Null where there is no body.
    pub json: Value,
}

impl Stand {
    /// Sends a request; `headers` such as `("if-match", "\"1\"")`.
    pub async fn send(
        &self,
        endpoint: &Endpoint,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map(|json| json.to_string()).unwrap_or_default();
        let response = endpoint.answer(request.body(Full::from(body)).unwrap()).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Reply { status: parts.status.as_u16(), headers: parts.headers, json }
    }

    /// The same, in a creator's name.
    pub async fn send_as(
        &self,
        user: UserId,
        endpoint: &Endpoint,
        route: (&str, &str),
        body: Option<Value>,
    ) -> Reply {
        let bearer = format!("Bearer {}", self.token(user, Role::Creator));
        self.send(endpoint, route, &[("authorization", &bearer)], body).await
    }

    /// Delivers an event to the consumer.
    pub async fn deliver(&self, event_id: &str, kind: &str, data: &Value) -> Reply {
        let bearer = format!("Bearer {BRIDGE_TOKEN}");
        let headers = [("authorization", bearer.as_str()), ("ce-id", event_id), ("ce-type", kind)];
        self.send(&self.events, ("POST", "/events/content-events"), &headers, Some(data.clone())).await
    }

    /// Delivers an event until it is taken, as the bridge does.
    pub async fn deliver_until_taken(&self, event_id: &str, kind: &str, data: &Value) {
        const DELIVERIES_MAX: usize = 20;
        for _ in 0..DELIVERIES_MAX {
            match self.deliver(event_id, kind, data).await.status {
                204 => return,
                409 => {}
                other => panic!("{kind}: {other}"),
            }
        }
        panic!("{kind} was not taken in {DELIVERIES_MAX} deliveries");
    }

    /// A video that is ready and has a title.
    pub async fn ready_video(&self, owner: UserId, title: &str) -> VideoId {
        let video = new_video_id();
        self.deliver_until_taken(&unique(), INITIATED, &initiated(video, owner)).await;
        self.deliver_until_taken(&unique(), COMPLETED, &completed(video)).await;
        let path = format!("/v1/videos/{video}");
        let edited = self.send_as(owner, &self.videos, ("PATCH", &path), Some(json!({"title": title}))).await;
        assert_eq!(edited.status, 200, "{}", edited.json);
        video
    }
}

/// The upload's event.
pub const INITIATED: &str = "mcsp.upload.session.initiated.v1";
/// The pipeline's events.
pub const COMPLETED: &str = "mcsp.pipeline.processing.completed.v1";
/// The pipeline's events.
pub const FAILED: &str = "mcsp.pipeline.processing.failed.v1";

/// What nothing else has.
pub fn unique() -> String {
    Uuid::new_v4().to_string()
}

/// A video's id.
pub fn new_video_id() -> VideoId {
    VideoId::from_uuid(Uuid::now_v7())
}

/// A user's id.
pub fn new_user_id() -> UserId {
    UserId::from_uuid(Uuid::now_v7())
}

/// The upload's state.
pub fn initiated(video: VideoId, owner: UserId) -> Value {
    let object = json!({"bucket": "uploads", "key": "k", "size_bytes": 1, "content_type": "video/mp4",
        "checksum_sha256": null});
    json!({"upload_id": UploadId::from_uuid(video.uuid()), "video_id": video, "owner_id": owner,
        "version": 2, "region": "eu", "object": object})
}

/// The pipeline's good end.
pub fn completed(video: VideoId) -> Value {
    let rendition = json!({"name": "360p", "width": 640, "height": 360, "bitrate_bps": 800_000,
        "codecs": "avc1.4d401e,mp4a.40.2"});
    json!({"upload_id": UploadId::from_uuid(video.uuid()), "video_id": video, "state": "completed",
        "progress_percent": 100, "duration_ms": 2_000, "renditions": [rendition],
        "packaged": {"prefix": format!("packaged/{video}/"), "hls": "master.m3u8"}, "reason_code": null})
}

/// The pipeline's bad end.
pub fn failed(video: VideoId) -> Value {
    json!({"upload_id": UploadId::from_uuid(video.uuid()), "video_id": video, "state": "failed",
        "progress_percent": 10, "duration_ms": null, "renditions": [], "packaged": null,
        "reason_code": "unreadable_input"})
}
