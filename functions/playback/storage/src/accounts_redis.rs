//! The read model of accounts in Redis: for whom a start is to be denied before the access token runs out.

use crate::reply::{Fields, keep_version, parsed};
use crate::subscription::{NOTHING_HEARD, subscribed};
use crate::unconfirmed::Keeping;
use crate::{AccountFacts, Redis, StoreError, keys};
use jiff::Timestamp;
use mcsp_ids::UserId;
use playback_domain::AccountState;

/// Longer than any access token is good for: whose account is suspended gets no new one.
const ACCOUNT_TTL: Keeping = Keeping::confirmed(60 * 60 * 1000);
/// Unless Auth has not heard yet that Admin has suspended it, and goes on giving some out.
const SUSPENDED_TTL: Keeping = Keeping::confirmed(24 * 60 * 60 * 1000);

/// Keeps an account's state, unless a later one is known.
pub async fn keep(
    redis: impl Into<Redis<'_>>,
    user: UserId,
    version: u64,
    state: AccountState,
) -> Result<(), StoreError> {
    let (key, value) = (keys::Account::new(user).account(), state.as_str().as_bytes().to_vec());
    let keeping = if state == AccountState::Suspended { SUSPENDED_TTL } else { ACCOUNT_TTL };
    keep_version(redis.into(), key, version, ("state", value), keeping).await
}

/// What a script told of an account: its state, and its subscription. One of which nothing is known is active, as its
/// access token says.
pub(crate) fn told(fields: &mut Fields, now: Timestamp) -> Result<AccountFacts, StoreError> {
    let version = fields.optional(parsed)?;
    let (state_version, state) = version.zip(fields.optional(state)?).unwrap_or(NOTHING_HEARD);
    Ok(AccountFacts { state, state_version, subscription: subscribed(fields, now)? })
}

/// A state by the name that stores keep it under.
pub(crate) fn state(name: &[u8]) -> Option<AccountState> {
    AccountState::from_name(std::str::from_utf8(name).ok()?)
}
