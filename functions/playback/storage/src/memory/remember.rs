//! What is remembered of an answer that the stores gave, once it was given: one exchange, and
//! another where a copy is to be made anew.

use super::copies::{Copied, keep_due, recalling, those_due};
use super::exchange::keep;
use super::here::Started;
use super::{DevicesTold, account, keys, positions, videos};
use crate::model::Version;
use crate::{AccountFacts, Bounds, StoreError, Subscribed};
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::memory::{Condition, Listing, Outcome, Step};
use mcsp_ids::{UserId, VideoId};
use playback_domain::{Position, Streams};

/// What was seen of an account, and of a video.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Whose.
    pub user: UserId,
    /// A video, as a store has it.
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

/// Remembers what was seen, unless something later is known: it may have been seen a while ago. Says whether something is held
/// that the stores do not have yet.
pub async fn remember(bridge: &dyn Bridge, bounds: &Bounds, seen: Seen) -> Result<bool, StoreError> {
    let Seen { user, version, account, streams, devices, positions: seen, started } = seen;
    let (ttl_ms, young_ms) = (Some(bounds.copy_ttl_ms()), bounds.refresh_ms());
    let mut copies = Vec::with_capacity(3 + seen.len());
    copies.extend(version.map(|(video, version)| videos::copied(video, &version)));
    copies.extend(account.into_iter().flat_map(|facts| copies_of(user, facts)));
    copies.extend(seen.into_iter().map(|(video, position)| positions::copied(user, video, position)));
    let mut steps = recalling(&copies);
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
    steps.extend(started.and_then(|(key, started)| {
        let value = serde_json::to_vec(&started).ok()?;
        // Told again, it expires later, or it is another one, since Redis has lost the first.
        Some(keep(keys::started(user, &key), value, ttl_ms, Condition::Always))
    }));
    steps.push(Step::Held(Listing { prefix: keys::HELD_PREFIX.to_owned(), limit: 1 }));
    let mut outcomes = bridge.exchange(steps).await?;
    let held = outcomes.pop();
    // Seldom any: a copy is made anew each minute.
    keep_due(bridge, bounds, those_due(copies, outcomes, young_ms), young_ms).await?;
    Ok(matches!(held, Some(Outcome::Entries(entries)) if !entries.is_empty()))
}

/// What was itself remembered, when no store could confirm it, does not become new by that.
fn copies_of(user: UserId, facts: AccountFacts) -> impl Iterator<Item = Copied> {
    let AccountFacts { state, state_version, subscription } = facts;
    let confirmed = subscription.filter(|plan| plan.stale_ms == 0);
    let plan = confirmed.map(|plan| {
        let Subscribed { version, subscription } = plan.known;
        account::subscription_copied(user, (version, subscription.as_ref()))
    });
    [account::state_copied(user, (state_version, state))].into_iter().chain(plan)
}

/// As `lua/streams.lua` tells them.
fn written(streams: &Streams) -> String {
    let words = streams.iter().map(|(session, at)| format!("{session} {}", at.as_millisecond()));
    words.collect::<Vec<_>>().join(" ")
}
