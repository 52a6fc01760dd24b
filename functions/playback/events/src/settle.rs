//! What is remembered here, and Redis, get what Postgres has by now: of a video that Content or Admin has told of, of an account that
//! Auth or Admin has.
//!
//! Also when the event was applied before: a delivery that broke off between Postgres and these is mended by the next. Neither goes
//! back to an earlier version.

use mcsp_function::Context;
use mcsp_ids::{UserId, VideoId};
use playback_domain::AccountState;
use playback_storage::videos::{self, Known};
use playback_storage::{Bounds, StoreError, accounts, memory, positions};

/// Of a video that Admin blocks and of which Content has told nothing yet no copy stays: what it is of is Content's word alone, from its catalog, and a start
/// that finds none asks Postgres what Admin has decided.
pub(crate) async fn video(context: &Context, bounds: &Bounds, id: VideoId) -> Result<(), StoreError> {
    let bridge = context.bridge();
    match videos::find(bridge, id).await? {
        Some(Known::Told(version)) => {
            memory::keep_video(bridge, bounds, id, &version).await?;
            videos::keep(bridge, id, &version).await
        }
        Some(Known::Decided(decision)) if decision.denies => {
            memory::forget_video(bridge, id).await?;
            videos::forget(bridge, id).await
        }
        Some(Known::Decided(_)) | None => Ok(()),
    }
}

/// What processes hold of an erased account they forget when they come to write it.
pub(crate) async fn account(context: &Context, bounds: &Bounds, user: UserId) -> Result<(), StoreError> {
    let bridge = context.bridge();
    let Some((version, state)) = accounts::find(bridge, user).await? else { return Ok(()) };
    memory::keep_account(bridge, bounds, user, (version, state)).await?;
    accounts::keep(bridge, user, version, state).await?;
    if state == AccountState::Erased {
        memory::forget_subscription(bridge, bounds, user).await?;
        positions::drop_kept(bridge, user).await?;
    }
    Ok(())
}
