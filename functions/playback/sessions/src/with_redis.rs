//! Opening a session as it is opened while Redis is well: when warm, one round trip.

use crate::plan;
use crate::refusal::Refusal;
use crate::session::{Session, Told, allowed, allowed_for, missing};
use mcsp_function::{Context, TraceParent};
use playback_domain::{Denial, Reason, Standing};
use playback_storage::memory::Seen;
use playback_storage::positions::{self, Known};
use playback_storage::videos::{self, Source, Version};
use playback_storage::{
    Bounds, End, Opened, Read, Redis, Start, StartOutcome, StoreError, Yes, remember_after_answer,
};

/// A read model that changes while it is decided on is decided on again, this often.
const TRIES_MAX: u32 = 4;

/// Why it was not opened so.
#[derive(Debug)]
pub(crate) enum Failed {
    /// Not in another way either.
    Refused(Refusal),
    /// Redis can't tell.
    Redis(StoreError),
}

impl<R: Into<Refusal>> From<R> for Failed {
    fn from(refusal: R) -> Self {
        Failed::Refused(refusal.into())
    }
}

/// Opens the session. Only a yes of [`decide`](playback_domain::decide) takes a slot: the script takes none before it
/// knows of one.
pub(crate) async fn open(
    context: &Context,
    trace: &TraceParent,
    bounds: &Bounds,
    start: &Start<'_>,
) -> Result<Session, Failed> {
    let redis = Redis::within(context.bridge(), bounds);
    let (mut source, mut stale_ms, mut yes) = (Source::Redis, 0, None);
    let mut plan_was_asked_for = false;
    for _ in 0..TRIES_MAX {
        match playback_storage::start(redis, start, yes).await.map_err(Failed::Redis)? {
            StartOutcome::Opened(mut read, opened) => {
                read.account = plan::settle(context, redis, start, &read.version, read.account).await?;
                let (standing, others_open) = (read.account.standing(), opened.others_open);
                if let Err(denial) = allowed(start.viewer, standing, &read.version, others_open, start.now) {
                    give_back(redis, start, opened).await;
                    return Err(denied(context, bounds, start, read, denial));
                }
                return Ok(opened_with(context, start, (read, opened), (source, stale_ms)).await);
            }
            StartOutcome::Undecided(mut read) => {
                read.account = plan::settle(context, redis, start, &read.version, read.account).await?;
                match decided(start, read.account.standing(), &read.version) {
                    Ok(decided) => yes = Some(decided),
                    Err(denial) => return Err(denied(context, bounds, start, read, denial)),
                }
            }
            StartOutcome::Full(read, open_streams) => {
                let plan_is_known = read.account.subscription.is_some() || plan_was_asked_for;
                plan_was_asked_for = true;
                if !plan_is_known && plan::is_found(context, redis, start).await {
                    continue;
                }
                allowed(start.viewer, read.account.standing(), &read.version, open_streams, start.now)?;
                // The script counted to the same limit.
                return Err(Denial::told(Reason::TooManyStreams).into());
            }
            StartOutcome::KeyReused => return Err(Refusal::KeyReused.into()),
            StartOutcome::Cold(account) => {
                let loaded = videos::load(context, trace, start.video).await.map_err(Refusal::unknown)?;
                let loaded = loaded.ok_or_else(|| missing(start.viewer, account.standing(), start.now))?;
                videos::keep_loaded(redis, start.video, &loaded).await.map_err(Failed::Redis)?;
                (source, stale_ms) = (loaded.source, loaded.stale_ms);
                let account = plan::settle(context, redis, start, &loaded.version, account).await?;
                yes = Some(decided(start, account.standing(), &loaded.version)?);
            }
        }
    }
    Err(Refusal::Unsettled.into())
}

/// The decision aside from streams, which only the script can count.
fn decided(start: &Start<'_>, standing: Standing, version: &Version) -> Result<Yes, Denial> {
    let holds_for = allowed_for(start.viewer, standing, version, start.now)?;
    Ok(Yes { version: version.number, holds_for, account: standing.state })
}

/// What was denied on is remembered too: without Redis the answer must not be of an older version.
fn denied(context: &Context, bounds: &Bounds, start: &Start<'_>, read: Read, denial: Denial) -> Failed {
    let Read { version, account, .. } = read;
    let (version, account) = (Some((start.video, version)), Some(account));
    let seen = Seen { version, account, ..Seen::nothing_of(start.viewer.user) };
    remember_after_answer(context, bounds, seen);
    denial.into()
}

/// Gives back the slot of a start that is denied after all: what was decided once more is what the script read in the
/// moment that it took the slot. A kept yes spares the round trip, not the decision.
async fn give_back(redis: Redis<'_>, start: &Start<'_>, opened: Opened) {
    if !opened.again {
        let (user, now) = (start.viewer.user, start.now);
        let end = End { user, session: opened.session, now, position: None, shown: None };
        // A slot that can't be given back now runs out.
        drop(playback_storage::end(redis, &end).await);
    }
}

async fn opened_with(
    context: &Context,
    start: &Start<'_>,
    (read, opened): (Read, Opened),
    (source, stale_ms): (Source, u64),
) -> Session {
    let Read { version, account, position, streams } = read;
    let Opened { session, expires_at_s, others_open, again } = opened;
    // While Postgres is down, an account that Redis does not know starts from the beginning: better than not at all.
    let settled = settle_position(context, start, position).await;
    Session {
        id: session,
        version,
        expires_at_s,
        others_open,
        again,
        standing: account.standing(),
        position: settled.as_ref().ok().copied().flatten(),
        source,
        stale_ms,
        told: Some(Told { facts: account, streams, position_is_known: settled.is_ok() }),
    }
}

async fn settle_position(
    context: &Context,
    start: &Start<'_>,
    known: Known,
) -> Result<Option<playback_domain::Position>, StoreError> {
    positions::settle(context, known, start.viewer.user, start.video).await
}
