//! A video that Redis does not know, or can't be asked for: Postgres, then Content, and what is remembered. What is found
//! goes back into the stores before it.

use crate::model::{Announcement, Version};
use crate::refresh::refresh_video;
use crate::unconfirmed::{Keeping, at_least_one};
use crate::videos_postgres::Known;
use crate::{Bounds, Redis, StoreError, memory, videos_postgres, videos_redis};
use jiff::Timestamp;
use mcsp_bridge_api::postgres::Transaction;
use mcsp_bridge_api::services::Request;
use mcsp_bridge_api::token;
use mcsp_function::{Context, TraceParent};
use mcsp_ids::VideoId;
use playback_domain::State;

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
    /// Milliseconds since a store, or Content, could last confirm it: 0 where one has, and never 0 where none has.
    pub stale_ms: u64,
}

impl Loaded {
    /// Whether it may be kept as what is known now. A copy does not become new by being found.
    fn is_confirmed(&self) -> bool {
        self.stale_ms == 0
    }

    /// Whether it counts over what nobody could confirm: where it is later, and where it is blocked, as Content may not have heard yet of
    /// what Admin has decided.
    fn counts_over(&self, told: &Loaded) -> bool {
        matches!(self.version.video.state, State::Blocked) || self.version.number > told.version.number
    }
}

/// Finds a video that Redis does not know; none where Content says that there is none. An error means that
/// nothing can be known now.
pub async fn load(
    context: &Context,
    trace: &TraceParent,
    bounds: &Bounds,
    id: VideoId,
) -> Result<Option<Loaded>, StoreError> {
    match latest_from_owners(context, trace, bounds, id).await {
        Ok(loaded) => Ok(loaded),
        Err(unknown) => match remembered(context, id).await? {
            Some(loaded) => Ok(Some(loaded)),
            None => Err(unknown),
        },
    }
}

/// Finds a video without Redis: what is remembered answers first, since it costs no call. After the answer it is made anew from
/// Postgres, unless it is quite new.
pub async fn load_without_redis(
    context: &Context,
    trace: &TraceParent,
    bounds: &Bounds,
    id: VideoId,
) -> Result<Option<Loaded>, StoreError> {
    if let Some(loaded) = remembered(context, id).await? {
        refresh_video(context, bounds, id, loaded.stale_ms);
        return Ok(Some(loaded));
    }
    let loaded = latest_from_owners(context, trace, bounds, id).await?;
    if let Some(loaded) = loaded.as_ref().filter(|loaded| loaded.is_confirmed()) {
        memory::keep_video(context.bridge(), bounds, id, &loaded.version).await?;
    }
    Ok(loaded)
}

/// Gives Redis what was found. What no store could confirm says since when.
pub async fn keep_loaded(
    redis: Redis<'_>,
    id: VideoId,
    loaded: &Loaded,
    now: Timestamp,
) -> Result<(), StoreError> {
    if loaded.is_confirmed() {
        return videos_redis::keep(redis, id, &loaded.version).await;
    }
    videos_redis::keep_for(redis, id, &loaded.version, Keeping::unconfirmed(loaded.stale_ms, now)).await
}

async fn remembered(context: &Context, id: VideoId) -> Result<Option<Loaded>, StoreError> {
    let copy = memory::video(context.bridge(), id).await?;
    Ok(copy.map(|copy| Loaded {
        version: copy.known,
        source: Source::Memory,
        stale_ms: at_least_one(copy.age_ms),
    }))
}

/// What the owners say. Where Postgres can't be asked Content's word is taken alone, and lacks what Admin has decided: it is as a copy
/// then that nobody could confirm, and what is remembered counts, if that is later or a block.
async fn latest_from_owners(
    context: &Context,
    trace: &TraceParent,
    bounds: &Bounds,
    id: VideoId,
) -> Result<Option<Loaded>, StoreError> {
    let bridge = context.bridge();
    let decision = match videos_postgres::find(bridge, id).await {
        Ok(Some(Known::Told(version))) => {
            return Ok(Some(Loaded { version: *version, source: Source::Postgres, stale_ms: 0 }));
        }
        Ok(Some(Known::Decided(decision))) => {
            if decision.denies {
                // A copy is of Content's word alone: it is no answer where Content gives none.
                memory::forget_video(bridge, id).await?;
            }
            Some(decision)
        }
        Ok(None) | Err(_) => None,
    };
    let Some((told, age_ms)) = ask(context, trace, id).await? else { return Ok(None) };
    if age_ms == 0
        && let Some(version) = refill(context, id, &told).await
    {
        return Ok(Some(Loaded { version, source: Source::Catalog, stale_ms: 0 }));
    }
    let version = told.decided(decision);
    let loaded = Loaded { version, source: Source::Catalog, stale_ms: at_least_one(age_ms) };
    if let Some(copy) = remembered(context, id).await?.filter(|copy| copy.counts_over(&loaded)) {
        return Ok(Some(copy));
    }
    if age_ms == 0 {
        memory::keep_video(bridge, bounds, id, &loaded.version).await?;
    }
    Ok(Some(loaded))
}

/// Stores what Content says, and gives what Postgres has then: Admin may have decided meanwhile. Postgres may be what is down: the event
/// brings the row once it is back.
async fn refill(context: &Context, id: VideoId, told: &Version) -> Option<Version> {
    let refill = Transaction::of(vec![videos_postgres::upsert(id, told)]);
    context.bridge().transact(refill).await.ok()?;
    match videos_postgres::find(context.bridge(), id).await {
        Ok(Some(Known::Told(version))) => Some(*version),
        Ok(Some(Known::Decided(_)) | None) | Err(_) => None,
    }
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
