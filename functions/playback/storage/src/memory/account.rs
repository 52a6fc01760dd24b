//! An account's streams, as far as this process knows them.

use super::copies::{Copied, keep_learnt, read_numbered};
use super::exchange::{as_seen, entry, keep, recall};
use super::here::{Here, Started};
use super::{DevicesTold, keys};
use crate::accounts_redis::state;
use crate::facts::Fact;
use crate::sessions::{SESSION_TTL_MS, Shown, streams};
use crate::subscription::{NOTHING_HEARD, parse, written};
use crate::unconfirmed::at_least_one;
use crate::videos::Source;
use crate::{AccountFacts, Bounds, Start, StoreError, Subscribed};
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::memory::{Entry, Step};
use mcsp_ids::{PlaybackSessionId, UserId};
use playback_domain::{AccountState, Devices, Reason, Streams, Subscription};

/// Later than all versions of a subscription: of an account that is erased no other one counts.
const LAST_VERSION: u64 = u64::MAX;

/// An account's streams, as far as this process knows them: those that Redis had when it was last asked, and those that
/// were opened here since.
#[derive(Clone, Debug)]
pub struct Account {
    user: UserId,
    facts: AccountFacts,
    /// None where nothing was heard of it here, not even that Redis knows nothing.
    state_age_ms: Option<u64>,
    pub(crate) streams: Streams,
    devices: DevicesTold,
    pub(crate) here: Here,
    /// What is in the memory of `here`.
    seen: Option<u64>,
    copied: Option<Started>,
}

/// What is known of an account, and of what was started under an Idempotency-Key.
pub async fn account(bridge: &dyn Bridge, user: UserId, key: Option<&str>) -> Result<Account, StoreError> {
    let mut steps = vec![Step::Recall(keys::streams(user)), Step::Recall(keys::here(user))];
    steps.extend([Step::Recall(keys::account(user)), Step::Recall(keys::subscription(user))]);
    steps.push(Step::Recall(keys::devices(user)));
    steps.extend(key.map(|key| Step::Recall(keys::started(user, key))));
    let mut found = bridge.exchange(steps).await?.into_iter().map(entry);
    let mut next = || found.next().flatten();
    // A copy of another form is of another version of this code: it counts as none.
    let mut known = next().and_then(|entry| streams(&entry.value)).unwrap_or_default();
    let own = next();
    let seen = own.as_ref().map(|entry| entry.version);
    let here = own.and_then(|entry| Here::read(&entry.value)).unwrap_or_default();
    // As its access token says, where nothing else was heard of.
    let (told, state_age_ms) = next().and_then(read_state).unzip();
    let (state_version, state) = told.unwrap_or(NOTHING_HEARD);
    let facts = AccountFacts { state, state_version, subscription: next().and_then(read_subscription) };
    let devices = next().and_then(|entry| DevicesTold::read(&entry.value)).unwrap_or_default();
    let copied = next().and_then(|entry| serde_json::from_slice(&entry.value).ok());
    here.add_to(&mut known);
    Ok(Account { user, facts, state_age_ms, streams: known, devices, here, seen, copied })
}

impl Account {
    /// Whose it is.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Milliseconds since its state was learnt, where it was.
    pub fn state_age_ms(&self) -> Option<u64> {
        self.state_age_ms
    }

    /// What else is remembered of it.
    pub fn facts(&self) -> AccountFacts {
        self.facts
    }

    /// The streams, those of other processes that Redis was not asked for since aside.
    pub fn streams(&self) -> &Streams {
        &self.streams
    }

    /// Its devices, as this one finds them: those that Redis had, and those that began to play here since.
    pub fn devices(&self, id: &str) -> Devices {
        self.devices.with(self.here.devices(), id)
    }

    /// What the account would have too much of here: what counts is not forgotten for what comes.
    pub fn has_no_room_for(&self, start: &Start<'_>) -> Option<Reason> {
        if !self.here.has_room_for(start.session, start.now) {
            return Some(Reason::TooManyStreams);
        }
        let device = start.device.id();
        let is_one_too_many = !self.devices(device).is_known && !self.here.has_room_on(device);
        is_one_too_many.then_some(Reason::TooManyDevices)
    }

    /// What was started under the Idempotency-Key that was asked for. Its URL expires as it was last signed here, where it was.
    pub fn started(&self, key: &str) -> Option<Started> {
        let started = self.here.started(key).or(self.copied.as_ref())?.clone();
        let known = self.here.known(started.session, None);
        let expires_at_s = known.map_or(started.expires_at_s, |shown| shown.expires_at_s);
        Some(Started { expires_at_s, ..started })
    }

    /// Whether its session has ended here, or its URL has run out.
    pub fn is_over(&self, started: &Started, now: Timestamp) -> bool {
        let now_s = u64::try_from(now.as_second()).unwrap_or(0);
        self.here.has_ended(started.session) || started.expires_at_s <= now_s
    }

    /// The step that writes what was changed here, if nobody else has changed it meanwhile.
    pub(crate) fn change(&self) -> Step {
        let ttl_ms = u32::try_from(SESSION_TTL_MS).unwrap_or(u32::MAX);
        let (key, value) = (keys::here(self.user), self.here.written());
        keep(key, value, Some(ttl_ms), as_seen(self.seen))
    }
}

/// Remembers the state that a store has of an account now, with its version, unless a later one is known.
pub async fn keep_account(
    bridge: &dyn Bridge,
    bounds: &Bounds,
    user: UserId,
    told: (u64, AccountState),
) -> Result<(), StoreError> {
    keep_learnt(bridge, bounds, state_copied(user, told)).await
}

pub(super) fn state_copied(user: UserId, (version, state): (u64, AccountState)) -> Copied {
    Copied::numbered(keys::account(user), version, state.as_str().as_bytes())
}

/// What is remembered of where an account is on its way, where anything is, with its age in milliseconds.
pub(crate) async fn account_state(
    bridge: &dyn Bridge,
    user: UserId,
) -> Result<Option<(AccountState, u64)>, StoreError> {
    let entry = recall(bridge, keys::account(user)).await?;
    Ok(entry.and_then(read_state).map(|((_, state), age_ms)| (state, age_ms)))
}

fn read_state(entry: Entry) -> Option<((u64, AccountState), u64)> {
    let (version, name) = read_numbered(&entry.value)?;
    Some(((version, state(name)?), entry.age_ms))
}

/// Remembers what a store has of what an account has subscribed to now, with its version, unless a later one is known.
pub async fn keep_subscription(
    bridge: &dyn Bridge,
    bounds: &Bounds,
    user: UserId,
    told: (u64, Option<&Subscription>),
) -> Result<(), StoreError> {
    keep_learnt(bridge, bounds, subscription_copied(user, told)).await
}

/// Remembers that an account is erased, and has subscribed to nothing: whatever was told before comes too late.
pub async fn forget_subscription(
    bridge: &dyn Bridge,
    bounds: &Bounds,
    user: UserId,
) -> Result<(), StoreError> {
    keep_subscription(bridge, bounds, user, (LAST_VERSION, None)).await
}

pub(super) fn subscription_copied(
    user: UserId,
    (version, subscription): (u64, Option<&Subscription>),
) -> Copied {
    Copied::numbered(keys::subscription(user), version, written(subscription).as_bytes())
}

/// What is remembered of what an account has subscribed to, where anything is.
pub(crate) async fn subscription(
    bridge: &dyn Bridge,
    user: UserId,
) -> Result<Option<Fact<Subscribed>>, StoreError> {
    Ok(recall(bridge, keys::subscription(user)).await?.and_then(read_subscription))
}

fn read_subscription(entry: Entry) -> Option<Fact<Subscribed>> {
    let (version, told) = read_numbered(&entry.value)?;
    let known = Subscribed { version, subscription: parse(told)? };
    Some(Fact { known, source: Source::Memory, stale_ms: at_least_one(entry.age_ms) })
}

/// What is known here of a session that was opened here, and has not ended.
pub async fn shown(
    bridge: &dyn Bridge,
    user: UserId,
    session: PlaybackSessionId,
) -> Result<Option<Shown>, StoreError> {
    let account = account(bridge, user, None).await?;
    Ok(account.here.known(session, None).filter(|_| !account.here.has_ended(session)))
}
