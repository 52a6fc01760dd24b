//! The read model of accounts in Redis: for whom a start is to be denied before the access token runs out.

use crate::reply::{number, run};
use crate::{Redis, StoreError, keys};
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

/// The state that a script told; an account of which nothing is known is active, as its access token says.
pub(crate) fn told(name: Option<Vec<u8>>) -> Option<AccountState> {
    let Some(name) = name else { return Some(AccountState::Active) };
    AccountState::from_name(std::str::from_utf8(&name).ok()?)
}
