//! Opening a session while Redis can't tell: from what this process remembers, then Postgres, then Content. The same
//! decision is made, and streams are counted in the bridge's memory.

use crate::plan::settle_without_redis;
use crate::refusal::Refusal;
use crate::served::Served;
use crate::session::{Session, allowed, allowed_among, missing};
use mcsp_function::{Context, TraceParent};
use playback_domain::{Denial, Devices, Position, Standing};
use playback_storage::memory::{self, Opening};
use playback_storage::videos::{self, Loaded, Source};
use playback_storage::{Account, Bounds, Start, accounts, positions};

/// An account whose streams change while they are counted is counted again, this often: each time that a stream of it
/// was opened, kept or ended.
const TRIES_MAX: u32 = 64;

pub(crate) async fn open(
    context: &Context,
    trace: &TraceParent,
    bounds: &Bounds,
    start: &Start<'_>,
    served: &mut Served,
) -> Result<Session, Refusal> {
    let loaded = videos::load_without_redis(context, trace, bounds, start.video).await;
    let loaded = loaded.map_err(Refusal::unknown)?;
    *served = loaded.as_ref().map_or(Served::now(Source::Memory), Served::from);
    for attempt in 0..TRIES_MAX {
        let account = account(context, bounds, start).await?;
        if attempt == 0 {
            accounts::refresh_after_answer(context, bounds, &account);
        }
        let Some(loaded) = &loaded else {
            return Err(missing(start.viewer, account.facts().standing(), start.now).into());
        };
        let others_open = account.streams().others_open(start.session, start.now);
        if let Some(first) = start.idempotency_key.and_then(|key| account.started(key)) {
            if first.request != start.request() {
                return Err(Refusal::KeyReused);
            }
            if account.is_over(&first, start.now) {
                return Err(Refusal::Over);
            }
            let (facts, counted) = (account.facts(), (0, Devices::COUNTED));
            let known = (&loaded.version, counted, &mut *served);
            let standing = settle_without_redis(context, bounds, start, known, facts).await?;
            allowed(start.viewer, standing, &loaded.version, 0, start.now)?;
            let (id, expires_at_s) = (first.session, first.expires_at_s);
            let position = position(context, bounds, start).await;
            let session = opened(start, (standing, loaded, *served), 0, position);
            return Ok(Session { id, expires_at_s, again: true, ..session });
        }
        let found = (others_open, account.devices(start.device.id()));
        let (known, facts) = ((&loaded.version, found, &mut *served), account.facts());
        let standing = settle_without_redis(context, bounds, start, known, facts).await?;
        allowed_among(start.viewer, standing, &loaded.version, found, start.now)?;
        if let Some(reason) = account.has_no_room_for(start) {
            return Err(Denial::told(reason).into());
        }
        let opening = Opening { start, account };
        if memory::open(context.bridge(), opening).await.map_err(Refusal::unknown)? {
            let position = position(context, bounds, start).await;
            return Ok(opened(start, (standing, loaded, *served), others_open, position));
        }
    }
    Err(Refusal::Unsettled)
}

async fn account(context: &Context, bounds: &Bounds, start: &Start<'_>) -> Result<Account, Refusal> {
    let (user, key) = (start.viewer.user, start.idempotency_key);
    accounts::load_without_redis(context, bounds, user, key).await.map_err(Refusal::unknown)
}

/// Where the viewer stopped: what is remembered, or what Postgres can tell soon.
async fn position(context: &Context, bounds: &Bounds, start: &Start<'_>) -> Option<Position> {
    let (bridge, user) = (context.bridge(), start.viewer.user);
    match memory::position(bridge, user, start.video).await {
        Ok(Some(remembered)) => remembered.position,
        Ok(None) | Err(_) => positions::try_find(bridge, bounds, user, start.video).await,
    }
}

fn opened(
    start: &Start<'_>,
    (standing, loaded, served): (Standing, &Loaded, Served),
    others_open: u32,
    position: Option<Position>,
) -> Session {
    Session {
        id: start.session,
        version: loaded.version.clone(),
        expires_at_s: start.expires_at_s,
        others_open,
        again: false,
        standing,
        position,
        served,
        told: None,
    }
}
