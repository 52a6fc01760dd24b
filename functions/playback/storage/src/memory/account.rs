//! An account's streams, as far as this process knows them.

use super::exchange::{as_seen, change, entry, keep, recall};
use super::here::{Here, Started};
use super::{DevicesTold, keys};
use crate::accounts_redis::state;
use crate::sessions::{SESSION_TTL_MS, Shown, streams};
use crate::subscription::{parse, written};
use crate::{AccountFacts, Bounds, StoreError};
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::memory::{Condition, Step};
use mcsp_ids::{PlaybackSessionId, UserId};
use playback_domain::{AccountState, Devices, Streams, Subscription};

/// An account's streams, as far as this process knows them: those that Redis had when it was last asked, and those that
/// were opened here since.
#[derive(Clone, Debug)]
pub struct Account {
    user: UserId,
    facts: AccountFacts,
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
    let known_state = next().and_then(|entry| state(&entry.value)).unwrap_or(AccountState::Active);
    let facts =
        AccountFacts { state: known_state, subscription: next().and_then(|entry| parse(&entry.value)) };
    let devices = next().and_then(|entry| DevicesTold::read(&entry.value)).unwrap_or_default();
    let copied = next().and_then(|entry| serde_json::from_slice(&entry.value).ok());
    here.add_to(&mut known);
    Ok(Account { user, facts, streams: known, devices, here, seen, copied })
}

impl Account {
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

    /// What was started under the Idempotency-Key that was asked for.
    pub fn started(&self, key: &str, now: Timestamp) -> Option<&Started> {
        let copied = self.copied.as_ref();
        self.here.started(key, now).or_else(|| {
            copied.filter(|copied| copied.expires_at_s > u64::try_from(now.as_second()).unwrap_or(0))
        })
    }

    /// The step that writes what was changed here, if nobody else has changed it meanwhile.
    pub(crate) fn change(&self) -> Step {
        let ttl_ms = u32::try_from(SESSION_TTL_MS).unwrap_or(u32::MAX);
        let (key, value) = (keys::here(self.user), self.here.written());
        keep(key, value, Some(ttl_ms), as_seen(self.seen))
    }
}

/// Remembers the state of an account.
pub async fn keep_account(
    bridge: &dyn Bridge,
    bounds: &Bounds,
    user: UserId,
    state: AccountState,
) -> Result<(), StoreError> {
    change(bridge, keeping(bounds, user, state, Condition::Always)).await.map(drop)
}

pub(super) fn keeping(bounds: &Bounds, user: UserId, state: AccountState, condition: Condition) -> Step {
    let value = state.as_str().as_bytes().to_vec();
    keep(keys::account(user), value, Some(bounds.copy_ttl_ms()), condition)
}

/// What is remembered of what an account has subscribed to, where anything is.
pub(crate) async fn subscription(
    bridge: &dyn Bridge,
    user: UserId,
) -> Result<Option<Option<Subscription>>, StoreError> {
    Ok(subscription_with_age(bridge, user).await?.map(|(subscription, _)| subscription))
}

/// The same with its age in milliseconds.
pub(crate) async fn subscription_with_age(
    bridge: &dyn Bridge,
    user: UserId,
) -> Result<Option<(Option<Subscription>, u64)>, StoreError> {
    let Some(entry) = recall(bridge, keys::subscription(user)).await? else { return Ok(None) };
    Ok(parse(&entry.value).map(|subscription| (subscription, entry.age_ms)))
}

/// What is remembered of where an account is on its way, where anything is, with its age in milliseconds.
pub(crate) async fn account_state(
    bridge: &dyn Bridge,
    user: UserId,
) -> Result<Option<(AccountState, u64)>, StoreError> {
    let Some(entry) = recall(bridge, keys::account(user)).await? else { return Ok(None) };
    Ok(state(&entry.value).map(|state| (state, entry.age_ms)))
}

/// Remembers what an account has subscribed to.
pub async fn keep_subscription(
    bridge: &dyn Bridge,
    bounds: &Bounds,
    user: UserId,
    subscription: Option<&Subscription>,
) -> Result<(), StoreError> {
    change(bridge, keeping_subscription(bounds, user, subscription, Condition::Always)).await.map(drop)
}

pub(super) fn keeping_subscription(
    bounds: &Bounds,
    user: UserId,
    subscription: Option<&Subscription>,
    condition: Condition,
) -> Step {
    let value = written(subscription).into_bytes();
    keep(keys::subscription(user), value, Some(bounds.copy_ttl_ms()), condition)
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
