//! Sessions in Redis: each operation is one script, so one round trip.

use crate::content::Loaded;
use crate::devices::{DEVICES_TTL_MS, cutoffs};
use crate::memory::DevicesTold;
use crate::model::Version;
use crate::positions_redis::{Known, POSITIONS_TTL_MS, parse, place};
use crate::reply::{Fields, number, run, script};
use crate::{AccountFacts, Redis, StoreError, accounts_redis, keys, videos_redis};
use jiff::Timestamp;
use mcsp_bridge_api::redis::{Operation, Reply};
use mcsp_ids::{PlaybackSessionId, UserId, VideoId};
use playback_domain::{AccountState, Device, HoldsFor, PlayerState, Position, SLOT_TTL_MS, Streams, Viewer};

const START: &str = concat!(
    include_str!("lua/stream_limit.lua"),
    include_str!("lua/streams.lua"),
    include_str!("lua/device_limit.lua"),
    include_str!("lua/start.lua")
);
const HEARTBEAT: &str = concat!(
    include_str!("lua/stream_limit.lua"),
    include_str!("lua/streams.lua"),
    include_str!("lua/keep_position.lua"),
    include_str!("lua/heartbeat.lua")
);
const RENEW: &str = include_str!("lua/renew.lua");
const END: &str = concat!(
    include_str!("lua/streams.lua"),
    include_str!("lua/keep_position.lua"),
    include_str!("lua/end.lua")
);

/// A session is forgotten this long after its last heartbeat; its slot is free long before.
pub(crate) const SESSION_TTL_MS: u64 = 12 * 60 * 60 * 1000;
/// For how long a start can be repeated under its Idempotency-Key, as every other request can.
pub(crate) const KEY_TTL_MS: u64 = 24 * 60 * 60 * 1000;
/// How long a position may be in Redis alone, while its session goes on.
pub(crate) const POSTGRES_PAUSE_MS: u64 = 30_000;
/// How long a session is known to have ended: longer than its last heartbeats are under way, and than a player that is steered waits
/// before it asks again.
const ENDED_TTL_MS: u64 = 10 * 60 * 1000;

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
    /// Whether devices that Redis does not know do not count: nobody can tell of them.
    pub counts_known_devices: bool,
    /// A second start under this key, within a day, gives the first session, or says that it is over.
    pub idempotency_key: Option<&'a str>,
}

impl Start<'_> {
    /// What is asked for, as it is compared with what was asked for under the same Idempotency-Key.
    pub fn request(&self) -> String {
        let Start { video, device, .. } = self;
        format!("{video}\n{}\n{}", device.id(), device.name().unwrap_or_default())
    }
}

/// A yes of the entitlement decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Yes {
    /// The version of the video that was decided on.
    pub version: u64,
    /// For whom it is.
    pub holds_for: HoldsFor,
    /// The state of the account that was decided on.
    pub account: AccountState,
}

/// What a start reads.
#[derive(Clone, Debug)]
pub struct Read {
    /// The video.
    pub version: Version,
    /// Milliseconds since a store could last confirm it: 0 where one has, and never 0 where none has.
    pub stale_ms: u64,
    /// What Redis knows of the account.
    pub account: AccountFacts,
    /// Where the viewer stopped.
    pub position: Known,
    /// Which streams the account has; of an account with very many, the newest.
    pub streams: Streams,
    /// Which devices it has, where that was asked for.
    pub devices: Option<DevicesTold>,
}

impl Read {
    /// The video, to be remembered. What was itself remembered, when no store could confirm it, does not become new by that.
    pub fn confirmed(self, video: VideoId) -> Option<(VideoId, Version)> {
        (self.stale_ms == 0).then_some((video, self.version))
    }
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
    /// Whether Postgres is to learn of the device: that it is there, what it is called, or that it is still used.
    pub device_is_due: bool,
}

/// What an account has as much of as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// So many streams are open.
    Streams(u32),
    /// It has so many devices, and this is another.
    Devices(u32),
}

/// What became of a start.
#[derive(Clone, Debug)]
pub enum StartOutcome {
    /// Redis does not know the video; this it knows of the account.
    Cold(AccountFacts),
    /// There is no yes yet for this viewer, the account's state and this version. No slot was taken.
    Undecided(Read),
    /// The Idempotency-Key was of another request.
    KeyReused,
    /// The session that was started under the Idempotency-Key has ended, or its URL has run out.
    Over,
    /// The account has as much of something as it may.
    Full(Read, Exhausted),
    /// The device is not known to Redis, and there may be others that are not.
    Unlisted(Read),
    /// The session is open.
    Opened(Read, Opened),
}

/// Starts a session. `yes` is the decision about what an earlier try read, where there was one.
pub async fn start(
    redis: impl Into<Redis<'_>>,
    start: &Start<'_>,
    yes: Option<Yes>,
) -> Result<StartOutcome, StoreError> {
    let Start { session, video, viewer, device, now, expires_at_s, idempotency_key, .. } = *start;
    let account = keys::Account::new(viewer.user);
    let mut keys = vec![keys::video(video), account.positions(), account.streams(), account.session(session)];
    keys.extend([account.account(), account.subscription(), account.devices()]);
    keys.extend(idempotency_key.map(|key| account.idempotency(key)));
    let now_ms = now.as_millisecond();
    let name = |holds_for| yes_name(viewer, holds_for).into_bytes();
    let arguments = vec![
        number(video),
        number(now_ms),
        number(session),
        number(viewer.stream_limit),
        number(SLOT_TTL_MS),
        number(expires_at_s),
        number(SESSION_TTL_MS),
        number(KEY_TTL_MS),
        name(HoldsFor::Region),
        name(viewer.unlocked.map_or(HoldsFor::Viewer, |_| HoldsFor::Unlocked)),
        device.id().as_bytes().to_vec(),
        device.name().unwrap_or_default().as_bytes().to_vec(),
        yes.map(|yes| number(yes.version)).unwrap_or_default(),
        yes.map(|yes| name(yes.holds_for)).unwrap_or_default(),
        yes.map(|yes| yes.account.as_str().as_bytes().to_vec()).unwrap_or_default(),
        name(HoldsFor::Subscribers),
        number(viewer.device_limit),
        number(u8::from(start.counts_known_devices)),
        number(cutoffs(now).0.as_millisecond()),
        number(DEVICES_TTL_MS),
        number(cutoffs(now).1.as_millisecond()),
    ];
    started(run(redis.into(), START, keys, arguments).await?, now)
}

/// The name under which a yes is kept beside the read model. Regions have no colon, so no two are alike.
fn yes_name(viewer: &Viewer, holds_for: HoldsFor) -> String {
    let Viewer { user, region, age_reached, unlocked, embedder, .. } = viewer;
    let age = age_reached.unwrap_or_default();
    // One for all pages of others: there are as many origins as anybody likes to send.
    let page = if embedder.is_some() { "e" } else { "" };
    match holds_for {
        HoldsFor::Region => format!("{page}r:{region}:{age}"),
        HoldsFor::Subscribers => format!("{page}s:{region}:{age}"),
        HoldsFor::Unlocked => format!("{page}p:{region}:{age}:{}", unlocked.unwrap_or_default()),
        HoldsFor::Viewer => format!("{page}u:{region}:{age}:{user}"),
    }
}

fn started(reply: Reply, now: Timestamp) -> Result<StartOutcome, StoreError> {
    let mut fields = Fields::new("start", reply)?;
    let outcome = fields.bytes().ok_or_else(|| fields.unreadable())?;
    if outcome == b"reused" {
        return Ok(StartOutcome::KeyReused);
    }
    if outcome == b"over" {
        return Ok(StartOutcome::Over);
    }
    let loaded = videos_redis::version(&mut fields, now)?;
    let position = Known::read(&mut fields)?;
    let account = accounts_redis::told(&mut fields, now)?;
    if outcome == b"cold" {
        return Ok(StartOutcome::Cold(account));
    }
    let Loaded { version, stale_ms, .. } = loaded.ok_or_else(|| fields.unreadable())?;
    let streams = Streams::default();
    let mut read = Read { version, stale_ms, account, position, streams, devices: None };
    let others_open = fields.parse()?;
    match outcome.as_slice() {
        b"undecided" => Ok(StartOutcome::Undecided(read)),
        b"full" => Ok(StartOutcome::Full(read, Exhausted::Streams(others_open))),
        b"crowded" => Ok(StartOutcome::Full(read, Exhausted::Devices(others_open))),
        b"unlisted" => Ok(StartOutcome::Unlisted(read)),
        b"started" | b"again" => {
            let (session, expires_at_s) = (fields.parse()?, fields.parse()?);
            read.streams = told_streams(&mut fields)?;
            read.devices = fields.optional(DevicesTold::read)?;
            let (again, device_is_due) = (outcome == b"again", fields.parse::<u8>()? == 1);
            let opened = Opened { session, expires_at_s, others_open, again, device_is_due };
            Ok(StartOutcome::Opened(read, opened))
        }
        _ => Err(fields.unreadable()),
    }
}

fn told_streams(fields: &mut Fields) -> Result<Streams, StoreError> {
    fields.optional(streams)?.ok_or_else(|| fields.unreadable())
}

/// `<session> <last heard of, ms> <session> …`
pub(crate) fn streams(told: &[u8]) -> Option<Streams> {
    let mut streams = Streams::default();
    let mut words = std::str::from_utf8(told).ok()?.split_ascii_whitespace();
    while let Some(session) = words.next() {
        let at = Timestamp::from_millisecond(words.next()?.parse().ok()?).ok()?;
        streams.heard_of(session.parse().ok()?, at);
    }
    Some(streams)
}

/// What of a session its holder can prove, where no store knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What it plays.
    pub video: VideoId,
    /// When its manifest URL expires, in Unix seconds.
    pub expires_at_s: u64,
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
    /// How many streams an account may have open without a plan.
    pub stream_limit: u32,
    /// Where the player is.
    pub position: Position,
    /// What the player does.
    pub state: PlayerState,
    /// What the player can prove of its session.
    pub shown: Option<Shown>,
}

/// What became of a sign of life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beaten {
    /// The account has no such session.
    Unknown,
    /// The account is suspended: its slot is free.
    Suspended {
        /// What it played.
        video: VideoId,
        /// How long it was watched.
        watched_ms: u64,
    },
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
        /// Whether it is known what the account has subscribed to: its plan may have more streams.
        plan_is_known: bool,
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
        /// Which streams the account has.
        streams: Streams,
    },
}

/// Keeps a session and its slot, and notes where the viewer is.
pub async fn beat(redis: impl Into<Redis<'_>>, heartbeat: &Heartbeat) -> Result<Beaten, StoreError> {
    let Heartbeat { user, session, now, stream_limit, position, state, shown } = *heartbeat;
    let account = keys::Account::new(user);
    let keys = vec![
        account.streams(),
        account.session(session),
        account.positions(),
        account.account(),
        account.subscription(),
    ];
    let arguments = vec![
        number(session),
        number(now.as_millisecond()),
        number(stream_limit),
        number(SLOT_TTL_MS),
        number(SESSION_TTL_MS),
        number(position.client_time().as_millisecond()),
        place(&position).into_bytes(),
        state.as_str().as_bytes().to_vec(),
        number(POSTGRES_PAUSE_MS),
        number(POSITIONS_TTL_MS),
        shown.map(|shown| number(shown.video)).unwrap_or_default(),
        shown.map(|shown| number(shown.expires_at_s)).unwrap_or_default(),
    ];
    let mut fields = Fields::new("heartbeat", run(redis.into(), HEARTBEAT, keys, arguments).await?)?;
    let outcome = fields.bytes().ok_or_else(|| fields.unreadable())?;
    if outcome == b"unknown" {
        return Ok(Beaten::Unknown);
    }
    let (video, expires_at_s, watched_ms) = (fields.parse()?, fields.parse()?, fields.parse()?);
    match outcome.as_slice() {
        b"suspended" => Ok(Beaten::Suspended { video, watched_ms }),
        b"full" => {
            let (open_streams, plan_is_known) = (fields.parse()?, fields.parse::<u8>()? == 1);
            Ok(Beaten::Full { video, expires_at_s, watched_ms, open_streams, plan_is_known })
        }
        b"kept" => {
            let write_due = fields.parse::<u8>()? == 1;
            let position = fields.optional(parse)?.ok_or_else(|| fields.unreadable())?;
            let streams = told_streams(&mut fields)?;
            Ok(Beaten::Kept { video, expires_at_s, watched_ms, write_due, position, streams })
        }
        _ => Err(fields.unreadable()),
    }
}

/// Notes that a session's manifest URL was signed anew, and the network that it is bound to, where it is. False where the session has
/// ended meanwhile.
pub async fn note_renewal(
    redis: impl Into<Redis<'_>>,
    user: UserId,
    session: PlaybackSessionId,
    (expires_at_s, network): (u64, Option<String>),
) -> Result<bool, StoreError> {
    let key = keys::Account::new(user).session(session);
    let arguments = vec![number(expires_at_s), network.unwrap_or_default().into_bytes()];
    Ok(run(redis.into(), RENEW, vec![key], arguments).await? == Reply::Integer(1))
}

/// A session to be ended.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// Whose session.
    pub user: UserId,
    /// Which.
    pub session: PlaybackSessionId,
    /// When.
    pub now: Timestamp,
    /// Where the viewer stopped; otherwise the last heartbeat's position counts.
    pub position: Option<Position>,
    /// What the player can prove of its session.
    pub shown: Option<Shown>,
}

/// A session that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What it played.
    pub video: VideoId,
    /// How long it was watched.
    pub watched_ms: u64,
    /// Where the viewer stopped; none where the player never said.
    pub position: Option<Position>,
    /// Which streams the account still has.
    pub streams: Streams,
}

/// Ends a session; none where the account has no such session.
pub async fn end(redis: impl Into<Redis<'_>>, end: &End) -> Result<Option<Ended>, StoreError> {
    let (keys, arguments) = ending(end);
    ended(run(redis.into(), END, keys, arguments).await?)
}

/// [`end`] as a step of a larger pipeline.
pub(crate) fn ending_step(end: &End) -> Operation {
    let (keys, arguments) = ending(end);
    script(END, keys, arguments)
}

fn ending(end: &End) -> (Vec<String>, Vec<Vec<u8>>) {
    let End { user, session, now, position, shown } = *end;
    let account = keys::Account::new(user);
    let keys = vec![account.streams(), account.session(session), account.positions()];
    let arguments = vec![
        number(session),
        number(now.as_millisecond()),
        number(SLOT_TTL_MS),
        number(POSITIONS_TTL_MS),
        position.map(|position| number(position.client_time().as_millisecond())).unwrap_or_default(),
        position.map(|position| place(&position).into_bytes()).unwrap_or_default(),
        shown.map(|shown| number(shown.video)).unwrap_or_default(),
        number(ENDED_TTL_MS),
    ];
    (keys, arguments)
}

fn ended(reply: Reply) -> Result<Option<Ended>, StoreError> {
    let mut fields = Fields::new("end", reply)?;
    match fields.bytes().as_deref() {
        Some(b"unknown") => Ok(None),
        Some(b"ended") => {
            let (video, watched_ms) = (fields.parse()?, fields.parse()?);
            let (position, streams) = (fields.optional(parse)?, told_streams(&mut fields)?);
            Ok(Some(Ended { video, watched_ms, position, streams }))
        }
        _ => Err(fields.unreadable()),
    }
}
