//! Writes with `If-Match`: over what the client has seen, and over nothing else. Only Redis compares and writes in one step, so that
//! nobody else has another way here: while it is away, they are refused.

use crate::write::{Told, write_behind};
use mcsp_bridge_api::Failure;
use mcsp_etag::{IfMatch, stale};
use mcsp_function::Context;
use mcsp_problem::Problem;
use playback_domain::Position;
use playback_storage::positions::{self, Overwritten};
use playback_storage::videos::Source;
use playback_storage::{Bounds, Redis, StoreError, memory};

/// What Redis does not know is loaded once; an account whose positions go away meanwhile is tried no more often.
const TRIES: usize = 2;

/// Writes a position, or that it is forgotten, over one of those that the client has seen; none where it says nothing of them. Gives
/// what counts now, which is in Redis.
pub(crate) async fn overwrite(
    context: &Context,
    bounds: &Bounds,
    if_match: &IfMatch,
    told: Told,
) -> Result<Option<(Position, Source)>, Problem> {
    let Some(seen) = if_match.tags() else { return Ok(None) };
    let counting = write(context, told, seen).await?.ok_or_else(stale)?;
    write_behind(context, Told { position: counting, ..told });
    // What is held for the stores is not to be written over it.
    memory::settle_position(context.bridge(), bounds, (told.user, told.video), counting).await?;
    Ok(Some((counting, Source::Redis)))
}

/// None where something else counts than what was seen.
async fn write(context: &Context, told: Told, seen: &[String]) -> Result<Option<Position>, StoreError> {
    let Told { user, video, position } = told;
    let redis = Redis::from(context.bridge());
    for _ in 0..TRIES {
        match positions::put_over(redis, user, video, position, seen).await? {
            Overwritten::Yes(counting) => return Ok(Some(counting)),
            Overwritten::Stale => return Ok(None),
            Overwritten::Unknown => {
                let known = positions::known(redis, user, video).await?;
                if positions::settle(context, known, user, video).await?.is_none() {
                    return Ok(None);
                }
            }
        }
    }
    Err(Failure::Overloaded.into())
}
