//! Who makes a copy anew: one caller at a time.

use super::exchange::keep;
use super::keys;
use crate::StoreError;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::memory::{Condition, Outcome};
use mcsp_ids::{UserId, VideoId};

/// A copy that is to be made anew.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stale {
    /// Of a video.
    Video(VideoId),
    /// Of an account's state.
    State(UserId),
    /// Of what an account has subscribed to.
    Subscription(UserId),
}

impl Stale {
    fn key(&self) -> String {
        keys::renewing(&match self {
            Stale::Video(id) => keys::video(*id),
            Stale::State(user) => keys::account(*user),
            Stale::Subscription(user) => keys::subscription(*user),
        })
    }
}

/// Those of them that nobody else is making anew. Nobody else will for so long.
pub(crate) async fn take_turns(
    bridge: &dyn Bridge,
    stale: Vec<Stale>,
    ttl_ms: u32,
) -> Result<Vec<Stale>, StoreError> {
    let taking = |one: &Stale| keep(one.key(), Vec::new(), Some(ttl_ms), Condition::Absent);
    let outcomes = bridge.exchange(stale.iter().map(taking).collect()).await?;
    let taken = stale.into_iter().zip(outcomes).filter(|(_, outcome)| *outcome == Outcome::Done(true));
    Ok(taken.map(|(one, _)| one).collect())
}
