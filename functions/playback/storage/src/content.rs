//! A video that Redis does not know: Postgres, then Content. What is found goes back into the stores before it.

use crate::model::{Announcement, Version};
use crate::{StoreError, videos_postgres, videos_redis};
use mcsp_bridge_api::postgres::Transaction;
use mcsp_bridge_api::services::Request;
use mcsp_function::{Context, TraceParent};
use mcsp_ids::VideoId;

/// Where a fact came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Playback's read model in Redis.
    Redis,
    /// Playback's read model in Postgres.
    Postgres,
    /// Content itself.
    Catalog,
}

impl Source {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Source::Redis => "redis",
            Source::Postgres => "postgres",
            Source::Catalog => "catalog",
        }
    }
}

/// A version, with where it came from and how old the copy is.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What is known.
    pub version: Version,
    /// Where from.
    pub source: Source,
    /// Milliseconds since the source could last confirm it.
    pub stale_ms: u64,
}

/// Finds a video that Redis does not know; none where Content says that there is none. An error means that
/// nothing can be known now.
pub async fn load(context: &Context, trace: &TraceParent, id: VideoId) -> Result<Option<Loaded>, StoreError> {
    if let Ok(Some(version)) = videos_postgres::find(context.bridge(), id).await {
        videos_redis::keep(context.bridge(), id, &version).await?;
        return Ok(Some(Loaded { version, source: Source::Postgres, stale_ms: 0 }));
    }
    let Some((version, stale_ms)) = ask(context, trace, id).await? else { return Ok(None) };
    videos_redis::keep(context.bridge(), id, &version).await?;
    let statements = vec![videos_postgres::upsert(id, &version)];
    let refill = Transaction { consumed_event: None, statements, events: Vec::new() };
    // Postgres may be what is down: the event brings the row once it is back.
    drop(context.bridge().transact(refill).await);
    Ok(Some(Loaded { version, source: Source::Catalog, stale_ms }))
}

/// `GET /v1/catalog/{id}` of Content.
async fn ask(
    context: &Context,
    trace: &TraceParent,
    id: VideoId,
) -> Result<Option<(Version, u64)>, StoreError> {
    let token = context.variable("bridge_token").unwrap_or_default();
    let request = Request {
        target: "content".to_owned(),
        method: "GET".to_owned(),
        path: format!("/v1/catalog/{id}"),
        headers: vec![("authorization".to_owned(), format!("Bearer {token}")), trace.forwarded()],
        body: Vec::new(),
        idempotent: true,
        deadline_ms: None,
    };
    let response = context.bridge().call(request).await?;
    let status = response.status;
    let known = match status {
        404 => return Ok(None),
        200 => serde_json::from_slice::<Announcement>(&response.body).ok(),
        _ => None,
    };
    let version = known.filter(|known| known.video_id == id).and_then(|known| known.try_into().ok());
    version.map(|version| Some((version, response.stale_ms))).ok_or(StoreError::Content { status })
}
