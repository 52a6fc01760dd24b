//! The read model of accounts in Redis: for whom a start is to be denied before the access token runs out.

use crate::reply::{Fields, keep_version};
use crate::subscription::parse;
use crate::{AccountFacts, Redis, StoreError, keys};
use mcsp_ids::UserId;
use playback_domain::AccountState;

/// Longer than any access token is good for: whose account is suspended gets no new one.
const ACCOUNT_TTL_MS: u64 = 60 * 60 * 1000;

/// Keeps an account's state, unless a later one is known.
pub async fn keep(
    redis: impl Into<Redis<'_>>,
    user: UserId,
    version: u64,
    state: AccountState,
) -> Result<(), StoreError> {
    let (key, value) = (keys::Account::new(user).account(), state.as_str().as_bytes().to_vec());
    keep_version(redis.into(), key, version, ("state", value), ACCOUNT_TTL_MS).await
}

/// What a script told of an account: its state, and its subscription. One of which nothing is known is active, as its
/// access token says.
pub(crate) fn told(fields: &mut Fields) -> Result<AccountFacts, StoreError> {
    let state = fields.optional(state)?.unwrap_or(AccountState::Active);
    Ok(AccountFacts { state, subscription: fields.optional(parse)? })
}

/// A state by the name that stores keep it under.
pub(crate) fn state(name: &[u8]) -> Option<AccountState> {
    AccountState::from_name(std::str::from_utf8(name).ok()?)
}
