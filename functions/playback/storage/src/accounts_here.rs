//! An account, without Redis: what is remembered of it, and where nothing is, Postgres.

use crate::subscription::NOTHING_HEARD;
use crate::{Account, Bounds, StoreError, accounts_postgres, memory};
use mcsp_function::Context;
use mcsp_ids::UserId;

/// What is known of an account, and of what was started under an Idempotency-Key. Of one that was not seen here Postgres is
/// asked first, if it is well; where it can't tell, the account is as its access token says.
pub async fn load_without_redis(
    context: &Context,
    bounds: &Bounds,
    user: UserId,
    key: Option<&str>,
) -> Result<Account, StoreError> {
    let bridge = context.bridge();
    let account = memory::account(bridge, user, key).await?;
    if account.state_age_ms().is_some() {
        return Ok(account);
    }
    let found = accounts_postgres::try_find(bridge, bounds.postgres_patience_ms(), user).await;
    let Ok(found) = found else { return Ok(account) };
    memory::keep_account(bridge, bounds, user, found.unwrap_or(NOTHING_HEARD)).await?;
    memory::account(bridge, user, key).await
}
