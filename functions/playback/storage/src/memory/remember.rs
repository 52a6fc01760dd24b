//! What is remembered of an answer that the stores gave, once it was given: one exchange.

use super::exchange::keep;
use super::here::Started;
use super::{DevicesTold, account, keys, positions, videos};
use crate::model::Version;
use crate::{AccountFacts, Bounds, StoreError};
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::memory::{Condition, Listing, Outcome, Step};
use mcsp_ids::{UserId, VideoId};
use playback_domain::{Position, Streams};

/// What was seen of an account, and of a video.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Whose.
    pub user: UserId,
    /// A video.
    pub version: Option<(VideoId, Version)>,
    /// What is known of the account.
    pub account: Option<AccountFacts>,
    /// The account's streams.
    pub streams: Option<Streams>,
    /// Its devices.
    pub devices: Option<DevicesTold>,
    /// Positions in videos, or that there is none.
    pub positions: Vec<(VideoId, Option<Position>)>,
    /// What was started under an Idempotency-Key.
    pub started: Option<(String, Started)>,
}

impl Seen {
    /// Of this account, nothing yet.
    pub fn nothing_of(user: UserId) -> Self {
        Seen {
            user,
            version: None,
            account: None,
            streams: None,
            devices: None,
            positions: Vec::new(),
            started: None,
        }
    }
}

/// Remembers what was seen. Says whether something is held that the stores do not have yet.
pub async fn remember(bridge: &dyn Bridge, bounds: &Bounds, seen: Seen) -> Result<bool, StoreError> {
    let Seen { user, version, account: facts, streams, devices, positions: seen, started } = seen;
    let (ttl_ms, refresh) = (Some(bounds.copy_ttl_ms()), Condition::Refresh(bounds.refresh_ms()));
    let mut steps = Vec::with_capacity(7 + seen.len());
    steps.extend(version.map(|(video, version)| videos::keeping(bounds, video, &version, refresh)));
    if let Some(AccountFacts { state, subscription }) = facts {
        steps.push(account::keeping(bounds, user, state, refresh));
        steps.extend(
            subscription.map(|subscription| {
                account::keeping_subscription(bounds, user, subscription.as_ref(), refresh)
            }),
        );
    }
    steps.extend(
        streams.map(|streams| {
            keep(keys::streams(user), written(&streams).into_bytes(), ttl_ms, Condition::Always)
        }),
    );
    steps.extend(
        devices.map(|devices| {
            keep(keys::devices(user), devices.written().into_bytes(), ttl_ms, Condition::Always)
        }),
    );
    steps.extend(
        seen.into_iter().map(|(video, position)| positions::remembering(bounds, user, video, position)),
    );
    steps.extend(started.and_then(|(key, started)| {
        let value = serde_json::to_vec(&started).ok()?;
        Some(keep(keys::started(user, &key), value, ttl_ms, Condition::Absent))
    }));
    steps.push(Step::Held(Listing { prefix: keys::HELD_PREFIX.to_owned(), limit: 1 }));
    let last = bridge.exchange(steps).await?.pop();
    Ok(matches!(last, Some(Outcome::Entries(entries)) if !entries.is_empty()))
}

/// As `lua/streams.lua` tells them.
fn written(streams: &Streams) -> String {
    let words = streams.iter().map(|(session, at)| format!("{session} {}", at.as_millisecond()));
    words.collect::<Vec<_>>().join(" ")
}
