//! Content's catalog, of which Upload asks what it does not know itself: a video that is there before its file.

use mcsp_bridge_api::services::Request;
use mcsp_bridge_api::{Failure, token};
use mcsp_function::{Context, TraceParent};
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::Problem;
use serde::Deserialize;

/// What of a video's state matters here.
#[derive(Deserialize)]
pub(crate) struct KnownVideo {
    video_id: VideoId,
    /// Whose it is.
    pub(crate) owner_id: UserId,
    state: String,
}

/// Content answered something else than its contract says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the catalog answered with {status}, or with what cannot be read")]
struct Unreadable {
    status: u16,
}

impl KnownVideo {
    /// Whether it has no file, nor anything that keeps it back.
    pub(crate) fn is_draft(&self) -> bool {
        self.state == "draft"
    }
}

/// `GET /v1/catalog/{id}` of Content: the video, or none where there is none.
pub(crate) async fn find(
    context: &Context,
    trace: &TraceParent,
    id: VideoId,
) -> Result<Option<KnownVideo>, Problem> {
    let token = token::shown(context.variable("bridge_token").unwrap_or_default());
    let request = Request {
        target: "content".to_owned(),
        method: "GET".to_owned(),
        path: format!("/v1/catalog/{id}"),
        headers: [("authorization".to_owned(), format!("Bearer {token}"))]
            .into_iter()
            .chain(trace.forwarded())
            .collect(),
        body: Vec::new(),
        idempotent: true,
        deadline_ms: None,
    };
    let response = context.bridge().call(request).await?;
    let known = match response.status {
        404 => return Ok(None),
        200 => serde_json::from_slice::<KnownVideo>(&response.body).ok(),
        _ => None,
    };
    let unreadable =
        || Problem::from(Failure::Unreachable).caused_by(&Unreadable { status: response.status });
    known.filter(|known| known.video_id == id).map(Some).ok_or_else(unreadable)
}
