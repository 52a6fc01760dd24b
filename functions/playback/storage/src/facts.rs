//! What is known of a viewer and a video, fact by fact, each with where it comes from: for whoever asks why something is
//! played or not. A start asks for no more than it needs; this asks for all.

use crate::model::Version;
use crate::reply::{Fields, given, words};
use crate::videos::{self, Loaded, Source};
use crate::{
    Bounds, Redis, StoreError, Subscribed, accounts_postgres, accounts_redis, devices, keys, memory,
    subscription, subscriptions_postgres,
};
use jiff::Timestamp;
use mcsp_bridge_api::redis::Reply;
use mcsp_function::{Context, TraceParent};
use mcsp_ids::{PlaybackSessionId, UserId, VideoId};
use playback_domain::{AccountState, Devices, SLOT_TTL_MS, Subscription};

/// What is known, with where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact<T> {
    /// What is known.
    pub known: T,
    /// Where from.
    pub source: Source,
    /// Milliseconds since a store could last confirm it.
    pub stale_ms: u64,
}

/// All that a decision depends on.
#[derive(Clone, Debug)]
pub struct AllFacts {
    /// The video, or that there is none; none where it cannot be known now.
    pub video: Option<Fact<Option<Version>>>,
    /// The state of the account; none where nothing is known of it.
    pub state: Option<Fact<AccountState>>,
    /// What the account has subscribed to, or that it has not; none where it cannot be known now.
    pub subscription: Option<Fact<Option<Subscription>>>,
    /// How many streams the account has open.
    pub open_streams: Fact<u32>,
    /// Its devices, as the one finds them that is asked for, if one is.
    pub devices: Option<Fact<Devices>>,
}

/// What Redis has of it all: one round trip.
struct InRedis {
    video: Option<Loaded>,
    state: Option<AccountState>,
    subscription: Option<Fact<Subscribed>>,
    open_streams: u32,
}

/// Finds each fact where a start would: in Redis, then where it comes from, then in what is remembered.
pub async fn all_facts(
    context: &Context,
    trace: &TraceParent,
    bounds: &Bounds,
    (user, video): (UserId, VideoId),
    device: Option<&str>,
) -> Result<AllFacts, StoreError> {
    let (bridge, now) = (context.bridge(), context.now());
    let account = memory::account(bridge, user, None).await?;
    let in_redis = match in_redis(Redis::within(bridge, bounds), user, video, now).await {
        Ok(in_redis) => Some(in_redis),
        Err(error) if error.is_outage() => None,
        Err(error) => return Err(error),
    };
    let nobody: PlaybackSessionId = context.new_id();
    let open_streams = match &in_redis {
        Some(in_redis) => fresh(in_redis.open_streams, Source::Redis),
        None => fresh(account.streams().others_open(nobody, now), Source::Memory),
    };
    let devices = match device {
        Some(device) => {
            let found = find_devices(context, bounds, user, device).await;
            Some(found.unwrap_or_else(|| fresh(account.devices(device), Source::Memory)))
        }
        None => None,
    };
    let (found, state, subscribed) = match in_redis {
        Some(InRedis { video, state, subscription, .. }) => (video, state, subscription),
        None => (None, None, None),
    };
    Ok(AllFacts {
        video: match found {
            Some(loaded) => Some(of_video(loaded)),
            None => load_video(context, trace, bounds, video).await,
        },
        state: match state {
            Some(state) => Some(fresh(state, Source::Redis)),
            None => find_state(context, user).await,
        },
        subscription: match subscribed {
            Some(plan) => Some(of_plan(plan)),
            None => find_subscription(context, user).await,
        },
        open_streams,
        devices,
    })
}

/// In Redis, where it knows all of them, else in Postgres.
async fn find_devices(
    context: &Context,
    bounds: &Bounds,
    user: UserId,
    device: &str,
) -> Option<Fact<Devices>> {
    let (bridge, now) = (context.bridge(), context.now());
    let listed = devices::listed(Redis::within(bridge, bounds), user, now).await.ok().flatten();
    let (known, source) = match listed {
        Some(listed) => (listed, Source::Redis),
        None => (devices::find(bridge, user, now).await.ok()?, Source::Postgres),
    };
    let is_known = known.iter().any(|known| known.device.id() == device);
    let count = u32::try_from(known.len()).unwrap_or(u32::MAX);
    Some(fresh(Devices { is_known, count }, source))
}

/// What a store has now.
pub(crate) fn fresh<T>(known: T, source: Source) -> Fact<T> {
    Fact { known, source, stale_ms: 0 }
}

fn of_video(loaded: Loaded) -> Fact<Option<Version>> {
    let Loaded { version, source, stale_ms } = loaded;
    Fact { known: Some(version), source, stale_ms }
}

fn of_plan(plan: Fact<Subscribed>) -> Fact<Option<Subscription>> {
    let Fact { known, source, stale_ms } = plan;
    Fact { known: known.subscription, source, stale_ms }
}

async fn in_redis(
    redis: Redis<'_>,
    user: UserId,
    video: VideoId,
    now: Timestamp,
) -> Result<InRedis, StoreError> {
    let account = keys::Account::new(user);
    let since_ms = now.as_millisecond().saturating_sub(i64::try_from(SLOT_TTL_MS).unwrap_or(i64::MAX));
    let commands = vec![
        words(&["HMGET", &keys::video(video), "version", "model", "since"]),
        words(&["HMGET", &account.account(), "state"]),
        words(&["HMGET", &account.subscription(), "version", "told", "since"]),
        words(&["ZCOUNT", &account.streams(), &format!("({since_ms}"), "+inf"]),
    ];
    let mut replies = redis.pipeline(commands).await?.into_iter();
    let mut next = || given(replies.next());
    let video = crate::videos_redis::version(&mut Fields::new("video", next()?)?, now)?;
    let state = Fields::new("account", next()?)?.optional(accounts_redis::state)?;
    let mut told = Fields::new("subscription", next()?)?;
    let subscription = subscription::subscribed(&mut told, now)?;
    let Reply::Integer(open) = next()? else { return Err(StoreError::Unreadable("streams")) };
    let open_streams = u32::try_from(open).unwrap_or(u32::MAX);
    Ok(InRedis { video, state, subscription, open_streams })
}

async fn load_video(
    context: &Context,
    trace: &TraceParent,
    bounds: &Bounds,
    id: VideoId,
) -> Option<Fact<Option<Version>>> {
    Some(match videos::load(context, trace, bounds, id).await.ok()? {
        Some(loaded) => of_video(loaded),
        None => fresh(None, Source::Catalog),
    })
}

async fn find_state(context: &Context, user: UserId) -> Option<Fact<AccountState>> {
    match accounts_postgres::find(context.bridge(), user).await {
        Ok(found) => found.map(|(_, state)| fresh(state, Source::Postgres)),
        Err(_) => {
            let (known, stale_ms) = memory::account_state(context.bridge(), user).await.ok()??;
            Some(Fact { known, source: Source::Memory, stale_ms })
        }
    }
}

async fn find_subscription(context: &Context, user: UserId) -> Option<Fact<Option<Subscription>>> {
    match subscriptions_postgres::find(context.bridge(), user).await {
        Ok(found) => Some(fresh(found.map(|(_, subscription)| subscription), Source::Postgres)),
        Err(_) => memory::subscription(context.bridge(), user).await.ok().flatten().map(of_plan),
    }
}
