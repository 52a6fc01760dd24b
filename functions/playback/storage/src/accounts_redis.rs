//! The read model of accounts in Redis: for whom a start is to be denied before the access token runs out.

use crate::reply::{Fields, number, run};
use crate::subscription::parse;
use crate::{AccountFacts, Redis, StoreError, keys};
use mcsp_ids::UserId;
use playback_domain::AccountState;

const KEEP: &str = include_str!("lua/account.lua");
/// Longer than any access token is good for: whose account is suspended gets no new one.
const ACCOUNT_TTL_MS: u64 = 60 * 60 * 1000;

/// Keeps an account's state, unless a later one is known.
pub async fn keep(
    redis: impl Into<Redis<'_>>,
    user: UserId,
    version: u64,
    state: AccountState,
) -> Result<(), StoreError> {
    let arguments = vec![number(version), state.as_str().as_bytes().to_vec(), number(ACCOUNT_TTL_MS)];
    run(redis.into(), KEEP, vec![keys::Account::new(user).account()], arguments).await.map(drop)
}

/// What a script told of an account: its state, and its subscription. One of which nothing is known is active, as its
/// access token says.
pub(crate) fn told(fields: &mut Fields) -> Result<AccountFacts, StoreError> {
    let state = match fields.bytes() {
        Some(name) => std::str::from_utf8(&name).ok().and_then(AccountState::from_name),
        None => Some(AccountState::Active),
    };
    let state = state.ok_or_else(|| fields.unreadable())?;
    let subscription = fields.bytes().map(|told| parse(&told).ok_or_else(|| fields.unreadable()));
    Ok(AccountFacts { state, subscription: subscription.transpose()? })
}
