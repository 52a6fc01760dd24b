//! Sessions in Redis: each operation is one script, so one round trip.

use crate::model::Version;
use crate::positions_redis::{Known, POSITIONS_TTL_MS, parse};
use crate::reply::{Fields, number, run};
use crate::{StoreError, keys, videos_redis};
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::redis::Reply;
use mcsp_ids::{PlaybackSessionId, UserId, VideoId};
use playback_domain::{Device, HoldsFor, PlayerState, Position, SLOT_TTL_MS, Viewer};

const START: &str = include_str!("lua/start.lua");
const HEARTBEAT: &str = concat!(include_str!("lua/keep_position.lua"), include_str!("lua/heartbeat.lua"));
const RENEW: &str = include_str!("lua/renew.lua");
const END: &str = concat!(include_str!("lua/keep_position.lua"), include_str!("lua/end.lua"));

/// A session is forgotten this long after its last heartbeat; its slot is free long before.
const SESSION_TTL_MS: u64 = 12 * 60 * 60 * 1000;
/// How long a position may be in Redis alone, while its session goes on.
const POSTGRES_PAUSE_MS: u64 = 30_000;

/// A session to be started.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// Its id.
    pub session: PlaybackSessionId,
    /// What is to be played.
    pub video: VideoId,
    /// Who plays.
    pub viewer: &'a Viewer,
    /// On what.
    pub device: &'a Device,
    /// When.
    pub now: Timestamp,
    /// When its manifest URL expires, in Unix seconds.
    pub expires_at_s: u64,
    /// A second start under this key, before the first one's URL expires, gives the first session.
    pub idempotency_key: Option<&'a str>,
}

/// A yes of the entitlement decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Yes {
    /// The version of the video that was decided on.
    pub version: u64,
    /// For whom it is.
    pub holds_for: HoldsFor,
}

/// What a start reads.
#[derive(Clone, Debug)]
pub struct Read {
    /// The video.
    pub version: Version,
    /// Where the viewer stopped.
    pub position: Known,
}

/// A session that was opened, or opened before under the same Idempotency-Key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its id.
    pub session: PlaybackSessionId,
    /// When its manifest URL expires, in Unix seconds.
    pub expires_at_s: u64,
    /// Streams that the account had open besides.
    pub others_open: u32,
    /// Whether it was opened before.
    pub again: bool,
}

/// What became of a start.
#[derive(Clone, Debug)]
pub enum StartOutcome {
    /// Redis does not know the video.
    Cold,
    /// There is no yes yet for this viewer and this version. No slot was taken.
    Undecided(Read),
    /// The Idempotency-Key was of another request.
    KeyReused,
    /// The account has no slot free.
    Full(Read, u32),
    /// The session is open.
    Opened(Read, Opened),
}

/// Starts a session. `yes` is the decision about what an earlier try read, where there was one.
pub async fn start(
    bridge: &dyn Bridge,
    start: &Start<'_>,
    yes: Option<Yes>,
) -> Result<StartOutcome, StoreError> {
    let Start { session, video, viewer, device, now, expires_at_s, idempotency_key } = *start;
    let account = keys::Account::new(viewer.user);
    let mut keys = vec![keys::video(video), account.positions(), account.streams(), account.session(session)];
    keys.extend(idempotency_key.map(|key| account.idempotency(key)));
    let now_ms = now.as_millisecond();
    let url_ttl_ms = (i64::try_from(expires_at_s).unwrap_or(i64::MAX).saturating_mul(1000) - now_ms).max(1);
    let name = |holds_for| yes_name(viewer, holds_for).into_bytes();
    let arguments = vec![
        number(video),
        number(now_ms),
        number(session),
        number(viewer.stream_limit),
        number(SLOT_TTL_MS),
        number(expires_at_s),
        number(SESSION_TTL_MS),
        number(url_ttl_ms),
        name(HoldsFor::Region),
        name(HoldsFor::Viewer),
        device.id().as_bytes().to_vec(),
        device.name().unwrap_or_default().as_bytes().to_vec(),
        yes.map(|yes| number(yes.version)).unwrap_or_default(),
        yes.map(|yes| name(yes.holds_for)).unwrap_or_default(),
    ];
    started(run(bridge, START, keys, arguments).await?)
}

/// The name under which a yes is kept beside the read model. Regions have no colon, so no two are alike.
fn yes_name(viewer: &Viewer, holds_for: HoldsFor) -> String {
    match holds_for {
        HoldsFor::Region => format!("r:{}", viewer.region),
        HoldsFor::Viewer => format!("u:{}:{}", viewer.region, viewer.user),
    }
}

fn started(reply: Reply) -> Result<StartOutcome, StoreError> {
    let mut fields = Fields::new("start", reply)?;
    let outcome = fields.bytes().ok_or_else(|| fields.unreadable())?;
    if outcome == b"cold" {
        return Ok(StartOutcome::Cold);
    }
    if outcome == b"reused" {
        return Ok(StartOutcome::KeyReused);
    }
    let version = videos_redis::version(&mut fields)?.ok_or_else(|| fields.unreadable())?;
    let read = Read { version, position: Known::read(&mut fields)? };
    let others_open = fields.parse()?;
    match outcome.as_slice() {
        b"undecided" => Ok(StartOutcome::Undecided(read)),
        b"full" => Ok(StartOutcome::Full(read, others_open)),
        b"started" | b"again" => {
            let (session, expires_at_s) = (fields.parse()?, fields.parse()?);
            let again = outcome == b"again";
            Ok(StartOutcome::Opened(read, Opened { session, expires_at_s, others_open, again }))
        }
        _ => Err(fields.unreadable()),
    }
}

/// A sign of life.
#[derive(Clone, Copy, Debug)]
pub struct Heartbeat {
    /// Whose session.
    pub user: UserId,
    /// Which.
    pub session: PlaybackSessionId,
    /// When.
    pub now: Timestamp,
    /// How many streams the account may have open.
    pub stream_limit: u32,
    /// Where the player is.
    pub position: Position,
    /// What the player does.
    pub state: PlayerState,
}

/// What became of a sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beaten {
    /// The account has no such session.
    Unknown,
    /// Its slot was freed, and none is free now.
    Full {
        /// What it played.
        video: VideoId,
        /// When its manifest URL expires, in Unix seconds.
        expires_at_s: u64,
        /// How long it was watched.
        watched_ms: u64,
        /// How many streams the account has open.
        open_streams: u32,
    },
    /// It goes on.
    Kept {
        /// What it plays.
        video: VideoId,
        /// When its manifest URL expires, in Unix seconds.
        expires_at_s: u64,
        /// How long it was watched.
        watched_ms: u64,
        /// Whether Postgres is to learn of the position: true for one heartbeat in 30 s.
        write_due: bool,
        /// The position that counts.
        position: Position,
    },
}

/// Keeps a session and its slot, and notes where the viewer is.
pub async fn beat(bridge: &dyn Bridge, heartbeat: &Heartbeat) -> Result<Beaten, StoreError> {
    let Heartbeat { user, session, now, stream_limit, position, state } = *heartbeat;
    let account = keys::Account::new(user);
    let keys = vec![account.streams(), account.session(session), account.positions()];
    let arguments = vec![
        number(session),
        number(now.as_millisecond()),
        number(stream_limit),
        number(SLOT_TTL_MS),
        number(SESSION_TTL_MS),
        number(position.client_time().as_millisecond()),
        number(position.position_ms()),
        state.as_str().as_bytes().to_vec(),
        number(POSTGRES_PAUSE_MS),
        number(POSITIONS_TTL_MS),
    ];
    let mut fields = Fields::new("heartbeat", run(bridge, HEARTBEAT, keys, arguments).await?)?;
    let outcome = fields.bytes().ok_or_else(|| fields.unreadable())?;
    if outcome == b"unknown" {
        return Ok(Beaten::Unknown);
    }
    let (video, expires_at_s, watched_ms) = (fields.parse()?, fields.parse()?, fields.parse()?);
    match outcome.as_slice() {
        b"full" => Ok(Beaten::Full { video, expires_at_s, watched_ms, open_streams: fields.parse()? }),
        b"kept" => {
            let write_due = fields.parse::<u8>()? == 1;
            let position = fields.bytes().and_then(|value| parse(&value));
            let position = position.ok_or_else(|| fields.unreadable())?;
            Ok(Beaten::Kept { video, expires_at_s, watched_ms, write_due, position })
        }
        _ => Err(fields.unreadable()),
    }
}

/// Notes that a session's manifest URL was signed anew. False where the session has ended meanwhile.
pub async fn note_renewal(
    bridge: &dyn Bridge,
    user: UserId,
    session: PlaybackSessionId,
    expires_at_s: u64,
) -> Result<bool, StoreError> {
    let key = keys::Account::new(user).session(session);
    Ok(run(bridge, RENEW, vec![key], vec![number(expires_at_s)]).await? == Reply::Integer(1))
}

/// A session that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What it played.
    pub video: VideoId,
    /// How long it was watched.
    pub watched_ms: u64,
    /// Where the viewer stopped; none where the player never said.
    pub position: Option<Position>,
}

/// Ends a session; none where the account has no such session. Without a position the last heartbeat's counts.
pub async fn end(
    bridge: &dyn Bridge,
    user: UserId,
    session: PlaybackSessionId,
    now: Timestamp,
    position: Option<Position>,
) -> Result<Option<Ended>, StoreError> {
    let account = keys::Account::new(user);
    let keys = vec![account.streams(), account.session(session), account.positions()];
    let arguments = vec![
        number(session),
        number(now.as_millisecond()),
        number(SLOT_TTL_MS),
        number(POSITIONS_TTL_MS),
        position.map(|position| number(position.client_time().as_millisecond())).unwrap_or_default(),
        position.map(|position| number(position.position_ms())).unwrap_or_default(),
    ];
    let mut fields = Fields::new("end", run(bridge, END, keys, arguments).await?)?;
    match fields.bytes().as_deref() {
        Some(b"unknown") => Ok(None),
        Some(b"ended") => {
            let (video, watched_ms) = (fields.parse()?, fields.parse()?);
            let position = fields.bytes().map(|value| parse(&value).ok_or_else(|| fields.unreadable()));
            Ok(Some(Ended { video, watched_ms, position: position.transpose()? }))
        }
        _ => Err(fields.unreadable()),
    }
}
