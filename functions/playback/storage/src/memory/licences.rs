//! Licence tokens that were shown to this process.

use super::exchange::{change, keep};
use super::{account, keys};
use crate::StoreError;
use crate::licences::{Shown, Taken};
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::memory::Condition;

/// Takes a token here.
pub(crate) async fn take_licence(bridge: &dyn Bridge, shown: &Shown) -> Result<Taken, StoreError> {
    let account = account(bridge, shown.user, None).await?;
    if account.here.has_ended(shown.session) {
        return Ok(Taken::Ended);
    }
    let step = keep(keys::licence(shown.id), Vec::new(), Some(shown.ttl_ms), Condition::Absent);
    Ok(if change(bridge, step).await? { Taken::First } else { Taken::Before })
}
