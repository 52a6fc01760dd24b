//! `mcsp.auth.account.*.v1`: the videos of an account that is suspended or closed are kept back, and given back with it. Those of
//! one that is no more are taken back for good, and what their owner said of them is forgotten; so
//! is that they have worked on videos of others.

use content_contract::{event, plan};
use content_domain::{Change, Happened, Outcome, Video};
use content_images::clear_video;
use content_storage::{self as storage, Listed, Owner};
use jiff::Timestamp;
use mcsp_bridge_api::postgres::{GuardedStatement, Transaction};
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::UserId;
use mcsp_paging::Limit;
use mcsp_problem::Problem;
use serde::Deserialize;

/// Videos that are written in one transaction: of each there are ten statements at the most, when it is forgotten, and the bridge takes
/// no more than 128.
const VIDEOS_AT_ONCE: usize = 10;

/// The state of an account: what is needed of it here.
#[derive(Deserialize)]
struct AccountChanged {
    user_id: UserId,
    version: i64,
    state: String,
}

/// What is known of the account first; then a page of videos after the other, each with its events in one transaction, as long as
/// nothing newer is known. A delivery that breaks off is repeated: what is so already stays as it is.
pub(crate) async fn apply(context: &Context, received: &Received) -> Result<Applied, Problem> {
    let AccountChanged { user_id, version, state } = received.data()?;
    // What is not known here is no reason to show something.
    let told = Owner { version, is_active: state == "active", is_erased: state == "erased" };
    let kept = vec![storage::lock_owner(user_id), storage::keep_owner(user_id, told)];
    context.bridge().transact(Transaction::of(kept)).await?;
    let is_erased = told.is_erased;
    let owner = storage::owner(context, user_id).await?.unwrap_or(told);
    let mut after = None;
    loop {
        let videos = storage::of_owner(context, user_id, Listed::Everything, after, Limit::default()).await?;
        let Some(last) = videos.last() else { break };
        after = Some(last.origin.id);
        let changes: Vec<Vec<Change>> = videos
            .into_iter()
            .map(|video| changes(video, (owner.is_active, is_erased), context.now()))
            .collect();
        for changes in changes.chunks(VIDEOS_AT_ONCE) {
            write(context, received, (user_id, owner), changes).await?;
        }
    }
    let forgotten = if is_erased {
        unshare(context, received, user_id).await?;
        vec![storage::forget_drafts(user_id), storage::forget_offers(user_id)]
    } else {
        Vec::new()
    };
    Ok(received.apply(context, forgotten, Vec::new()).await?)
}

/// Takes an account away from the videos that it has worked on, a page after the other: what is done is not found again.
async fn unshare(context: &Context, received: &Received, user: UserId) -> Result<(), Problem> {
    loop {
        let videos = storage::shared_with_or_deleted(context, user, None, Limit::default()).await?;
        if videos.is_empty() {
            return Ok(());
        }
        let (mut statements, mut events) = (Vec::new(), Vec::new());
        for video in videos {
            statements.push(storage::forget_share(video.origin.id, user));
            if let Outcome::Changed(change) = video.unshare(user, context.now()) {
                statements.push(storage::update(&change));
                events.push(event(context, &received.trace, &change));
            }
        }
        context.bridge().transact(Transaction { consumed_event: None, statements, events }).await?;
    }
}

/// What a video goes through, one version after the other.
fn changes(video: Video, (is_active, is_erased): (bool, bool), now: Timestamp) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut go_on = |outcome: Outcome| match outcome {
        Outcome::Changed(change) => {
            changes.push(change.clone());
            change.video
        }
        Outcome::Unchanged(video) => video,
    };
    if is_erased {
        // In this order: what is given back is nobody's to see by then.
        let erased = go_on(video.erase(now));
        go_on(erased.of_account(true, now));
    } else {
        go_on(video.of_account(is_active, now));
    }
    changes
}

async fn write(
    context: &Context,
    received: &Received,
    (owner_id, owner): (UserId, Owner),
    changes: &[Vec<Change>],
) -> Result<(), Problem> {
    let all = || changes.iter().flatten();
    let events = all().map(|change| event(context, &received.trace, change)).collect();
    // A publication that was due meanwhile is due at once.
    let planned = changes.iter().filter_map(|changes| {
        let video = &changes.last()?.video;
        if video.withheld.is_in_force() { None } else { plan(context, &received.trace, video) }
    });
    let statements: Vec<GuardedStatement> = std::iter::once(storage::owner_is(owner_id, Some(owner)))
        .chain(all().map(storage::update))
        .chain(
            all()
                .filter(|change| change.happened == Happened::Erased)
                .flat_map(|change| forget_what_is_beside(context, received, change)),
        )
        .chain(planned)
        .collect();
    if statements.len() > 1 {
        context.bridge().transact(Transaction { consumed_event: None, statements, events }).await?;
    }
    Ok(())
}

/// Nobody is to be let in by its passwords any more, nor to work on it, and what was said in it is forgotten with what was said of it,
/// and with its images.
fn forget_what_is_beside(
    context: &Context,
    received: &Received,
    change: &Change,
) -> impl Iterator<Item = GuardedStatement> + use<> {
    let id = change.video.origin.id;
    let others = [storage::forget_passwords(id), storage::forget_shares(id), storage::forget_offer(id)];
    let images = [storage::forget_pending_thumbnails(id), clear_video(context, &received.trace, id)];
    storage::forget_tracks(id).into_iter().chain(others).chain(images)
}
