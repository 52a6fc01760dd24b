//! Opening a session as it is opened while Redis is well: when warm, one round trip.

use crate::plan;
use crate::refusal::Refusal;
use crate::served::Served;
use crate::session::{Session, Told, allowed, allowed_among, allowed_for, missing};
use mcsp_function::{Context, TraceParent};
use mcsp_ids::{UserId, VideoId};
use playback_domain::{Denial, Devices, Position, Reason, Standing};
use playback_storage::memory::{self, Seen};
use playback_storage::positions;
use playback_storage::videos::{self, Version};
use playback_storage::{
    Bounds, End, Exhausted, Opened, Read, Redis, Start, StartOutcome, StoreError, Yes, devices,
    remember_after_answer,
};

/// What is not known is looked for, and a read model that changes while it is decided on is decided on again, this often.
const TRIES_MAX: u32 = 6;

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
/// knows of one. `served` is told what it was decided on.
pub(crate) async fn open(
    context: &Context,
    trace: &TraceParent,
    bounds: &Bounds,
    start: &Start<'_>,
    served: &mut Served,
) -> Result<Session, Failed> {
    let redis = Redis::within(context.bridge(), bounds);
    let mut yes = None;
    let (mut plan_was_asked_for, mut counts_known_devices) = (false, false);
    for _ in 0..TRIES_MAX {
        let start = &Start { counts_known_devices, ..*start };
        match playback_storage::start(redis, start, yes).await.map_err(Failed::Redis)? {
            StartOutcome::Opened(mut read, opened) => {
                *served = served.and(Served::from(&read));
                let settling = (&read.version, &mut *served);
                read.account = plan::settle(context, redis, start, settling, read.account).await?;
                let (standing, others_open) = (read.account.standing(), opened.others_open);
                if let Err(denial) = allowed(start.viewer, standing, &read.version, others_open, start.now) {
                    give_back(redis, start, opened).await;
                    return Err(denied(context, bounds, start, read, denial));
                }
                return Ok(opened_with(context, bounds, start, (read, opened), *served).await);
            }
            StartOutcome::Undecided(mut read) => {
                *served = served.and(Served::from(&read));
                let settling = (&read.version, &mut *served);
                read.account = plan::settle(context, redis, start, settling, read.account).await?;
                match decided(start, read.account.standing(), &read.version) {
                    Ok(decided) => yes = Some(decided),
                    Err(denial) => return Err(denied(context, bounds, start, read, denial)),
                }
            }
            StartOutcome::Unlisted(read) => {
                counts_known_devices = !devices_are_listed(context, redis, bounds, (start, &read)).await?;
            }
            StartOutcome::Full(read, exhausted) => {
                let plan_is_known = read.account.subscription.is_some() || plan_was_asked_for;
                plan_was_asked_for = true;
                if !plan_is_known && plan::is_found(context, redis, start, served).await {
                    continue;
                }
                let (found, reason) = match exhausted {
                    Exhausted::Streams(open) => ((open, Devices::COUNTED), Reason::TooManyStreams),
                    Exhausted::Devices(count) => {
                        ((0, Devices { is_known: false, count }), Reason::TooManyDevices)
                    }
                };
                allowed_among(start.viewer, read.account.standing(), &read.version, found, start.now)?;
                // The script counted to the same limit.
                return Err(Denial::told(reason).into());
            }
            StartOutcome::KeyReused => return Err(Refusal::KeyReused.into()),
            StartOutcome::Over => return Err(Refusal::Over.into()),
            StartOutcome::Cold(account) => {
                let loaded = videos::load(context, trace, bounds, start.video).await;
                let loaded = loaded.map_err(Refusal::unknown)?;
                let loaded = loaded.ok_or_else(|| missing(start.viewer, account.standing(), start.now))?;
                let kept = videos::keep_loaded(redis, start.video, &loaded, start.now).await;
                kept.map_err(Failed::Redis)?;
                *served = served.and(Served::from(&loaded));
                let account =
                    plan::settle(context, redis, start, (&loaded.version, &mut *served), account).await?;
                yes = Some(decided(start, account.standing(), &loaded.version)?);
            }
        }
    }
    Err(Refusal::Unsettled.into())
}

/// Whether Redis knows all devices of the account by now. Where Postgres can't tell, those that this process remembers count,
/// and then those that Redis knows.
async fn devices_are_listed(
    context: &Context,
    redis: Redis<'_>,
    bounds: &Bounds,
    (start, read): (&Start<'_>, &Read),
) -> Result<bool, Failed> {
    let user = start.viewer.user;
    match devices::load(context, redis, bounds, user).await {
        Ok(()) => Ok(true),
        Err(error) if error.is_outage() => {
            let remembered = memory::account(context.bridge(), user, None).await.map_err(Refusal::unknown)?;
            let found = (0, remembered.devices(start.device.id()));
            allowed_among(start.viewer, read.account.standing(), &read.version, found, start.now)?;
            Ok(false)
        }
        Err(error) => Err(Failed::Redis(error)),
    }
}

/// The decision aside from streams and devices, which only the script can count.
fn decided(start: &Start<'_>, standing: Standing, version: &Version) -> Result<Yes, Denial> {
    let holds_for = allowed_for(start.viewer, standing, version, start.now)?;
    Ok(Yes { version: version.number, holds_for, account: standing.state })
}

/// What was denied on is remembered too: without Redis the answer must not be of an older version.
fn denied(context: &Context, bounds: &Bounds, start: &Start<'_>, read: Read, denial: Denial) -> Failed {
    let (account, version) = (Some(read.account), read.confirmed(start.video));
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
    bounds: &Bounds,
    start: &Start<'_>,
    (read, opened): (Read, Opened),
    served: Served,
) -> Session {
    let Read { version, stale_ms, account, position, streams, devices } = read;
    let Opened { session, expires_at_s, others_open, again, device_is_due } = opened;
    if device_is_due {
        playback_storage::devices::write_behind(context, start.viewer.user, start.device.clone());
    }
    let viewing = (start.viewer.user, start.video);
    let settled = positions::try_settle(context, bounds, position, viewing).await;
    let position_is_known = settled.is_ok();
    let position = match settled {
        Ok(position) => position,
        Err(_) => remembered_position(context, viewing).await,
    };
    Session {
        id: session,
        version,
        expires_at_s,
        others_open,
        again,
        standing: account.standing(),
        position,
        served,
        told: Some(Told {
            facts: account,
            streams,
            devices,
            position_is_known,
            video_is_confirmed: stale_ms == 0,
        }),
    }
}

/// Where Postgres can't tell soon. Who was not seen here either starts from the beginning: better than not at all.
async fn remembered_position(context: &Context, (user, video): (UserId, VideoId)) -> Option<Position> {
    memory::position(context.bridge(), user, video).await.ok().flatten()?.position
}
