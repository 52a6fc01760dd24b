//! A video that Redis does not know, or can't be asked for: Postgres, then Content, and what is remembered. What is found
//! goes back into the stores before it.

use crate::model::{Announcement, Version};
use crate::{Bounds, Redis, StoreError, memory, videos_postgres, videos_redis};
use mcsp_bridge_api::postgres::Transaction;
use mcsp_bridge_api::services::Request;
use mcsp_bridge_api::token;
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
    /// What this process remembers.
    Memory,
}

impl Source {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Source::Redis => "redis",
            Source::Postgres => "postgres",
            Source::Catalog => "catalog",
            Source::Memory => "memory",
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

/// What Redis keeps of a copy that no store could confirm: not for longer than it takes to ask again.
const UNCONFIRMED_TTL_MS: u64 = 10_000;

/// Finds a video that Redis does not know; none where Content says that there is none. An error means that
/// nothing can be known now.
pub async fn load(context: &Context, trace: &TraceParent, id: VideoId) -> Result<Option<Loaded>, StoreError> {
    match from_owners(context, trace, id).await {
        Ok(loaded) => Ok(loaded),
        Err(unknown) => match remembered(context, id).await? {
            Some(loaded) => Ok(Some(loaded)),
            None => Err(unknown),
        },
    }
}

/// Finds a video without Redis: what is remembered answers first, since it costs no call.
pub async fn load_without_redis(
    context: &Context,
    trace: &TraceParent,
    bounds: &Bounds,
    id: VideoId,
) -> Result<Option<Loaded>, StoreError> {
    if let Some(loaded) = remembered(context, id).await? {
        return Ok(Some(loaded));
    }
    let loaded = from_owners(context, trace, id).await?;
    if let Some(Loaded { version, .. }) = &loaded {
        memory::keep_video(context.bridge(), bounds, id, version).await?;
    }
    Ok(loaded)
}

/// Gives Redis what was found.
pub async fn keep_loaded(redis: Redis<'_>, id: VideoId, loaded: &Loaded) -> Result<(), StoreError> {
    match loaded.source {
        Source::Memory => videos_redis::keep_for(redis, id, &loaded.version, UNCONFIRMED_TTL_MS).await,
        Source::Redis | Source::Postgres | Source::Catalog => {
            videos_redis::keep(redis, id, &loaded.version).await
        }
    }
}

async fn remembered(context: &Context, id: VideoId) -> Result<Option<Loaded>, StoreError> {
    let copy = memory::video(context.bridge(), id).await?;
    Ok(copy.map(|copy| Loaded { version: copy.known, source: Source::Memory, stale_ms: copy.age_ms }))
}

async fn from_owners(
    context: &Context,
    trace: &TraceParent,
    id: VideoId,
) -> Result<Option<Loaded>, StoreError> {
    if let Ok(Some(version)) = videos_postgres::find(context.bridge(), id).await {
        return Ok(Some(Loaded { version, source: Source::Postgres, stale_ms: 0 }));
    }
    let Some((version, stale_ms)) = ask(context, trace, id).await? else { return Ok(None) };
    refill(context, id, &version).await;
    Ok(Some(Loaded { version, source: Source::Catalog, stale_ms }))
}

/// Postgres may be what is down: the event brings the row once it is back.
async fn refill(context: &Context, id: VideoId, version: &Version) {
    let statements = vec![videos_postgres::upsert(id, version)];
    let refill = Transaction::of(statements);
    drop(context.bridge().transact(refill).await);
}

/// `GET /v1/catalog/{id}` of Content.
async fn ask(
    context: &Context,
    trace: &TraceParent,
    id: VideoId,
) -> Result<Option<(Version, u64)>, StoreError> {
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
    let status = response.status;
    let known = match status {
        404 => return Ok(None),
        200 => serde_json::from_slice::<Announcement>(&response.body).ok(),
        _ => None,
    };
    let version = known.filter(|known| known.video_id == id).and_then(|known| known.try_into().ok());
    version.map(|version| Some((version, response.stale_ms))).ok_or(StoreError::Content { status })
}
