//! Positions in Redis: see `lua/keep_position.lua`.

use crate::reply::{Fields, command, number, run, script};
use crate::{Redis, StoreError, keys};
use jiff::Timestamp;
use mcsp_bridge_api::redis::{Operation, Reply};
use mcsp_ids::{UserId, VideoId};
use playback_domain::Position;

const PUT: &str = concat!(include_str!("lua/keep_position.lua"), include_str!("lua/positions.lua"));
const PUT_KNOWN: &str = concat!(include_str!("lua/keep_position.lua"), include_str!("lua/keep_known.lua"));
const PUT_HELD: &str = concat!(include_str!("lua/keep_position.lua"), include_str!("lua/held_position.lua"));
const FORGET: &str = concat!(include_str!("lua/keep_position.lua"), include_str!("lua/forget_position.lua"));
/// An account that plays nothing for a month leaves Redis; Postgres has it.
pub(crate) const POSITIONS_TTL_MS: u64 = 30 * 24 * 60 * 60 * 1000;
/// What is told of an account that may be erased, and of which Redis has no other position, goes sooner.
const HELD_TTL_MS: u64 = 24 * 60 * 60 * 1000;

/// As many of an account's positions as are loaded at once: the newest. Fewer are all that there are.
pub const LOADED_MAX: usize = 500;

/// What `lua/positions.lua` is told that it brings; the first two are kept in the field `*`.
const ALL: &[u8] = b"1";
const NEWEST: &[u8] = b"0";
const ONE: &[u8] = b"";
/// What stands for a position that is forgotten.
const FORGOTTEN: &str = "-";

/// What Redis knows of a viewer's position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is this, or there is none.
    Yes(Option<Position>),
    /// Postgres has to be asked for this one: more are there than were loaded.
    NotAmongNewest,
    /// Postgres has to be asked for all of them.
    No,
}

impl Known {
    /// Reads the position, and how many of the account's positions are known.
    pub(crate) fn read(fields: &mut Fields) -> Result<Self, StoreError> {
        let (value, extent) = (fields.bytes(), fields.bytes());
        Known::of(value, extent.as_deref()).ok_or_else(|| fields.unreadable())
    }

    fn of(value: Option<Vec<u8>>, extent: Option<&[u8]>) -> Option<Self> {
        match (value, extent) {
            (Some(value), _) => parse(&value).map(|position| Known::Yes(Some(position))),
            (None, Some(ALL)) => Some(Known::Yes(None)),
            (None, Some(_)) => Some(Known::NotAmongNewest),
            (None, None) => Some(Known::No),
        }
    }
}

/// The viewer's position in a video.
pub async fn known(redis: impl Into<Redis<'_>>, user: UserId, video: VideoId) -> Result<Known, StoreError> {
    let key = keys::Account::new(user).positions();
    let reply = command(redis.into(), &["HMGET", &key, &video.to_string(), "*"]).await?;
    Known::read(&mut Fields::new("positions", reply)?)
}

/// The viewer's positions in some videos, in their order: one round trip.
pub async fn known_of_all(
    redis: impl Into<Redis<'_>>,
    user: UserId,
    videos: &[VideoId],
) -> Result<Vec<Known>, StoreError> {
    let key = keys::Account::new(user).positions();
    let names: Vec<String> = videos.iter().map(VideoId::to_string).collect();
    let mut words = vec!["HMGET", key.as_str(), "*"];
    words.extend(names.iter().map(String::as_str));
    let mut fields = Fields::new("positions", command(redis.into(), &words).await?)?;
    let extent = fields.bytes();
    let known = |_| Known::of(fields.bytes(), extent.as_deref()).ok_or_else(|| fields.unreadable());
    videos.iter().map(known).collect()
}

/// Keeps a position, unless a later one is known. Gives the one that counts.
pub async fn put(
    redis: impl Into<Redis<'_>>,
    user: UserId,
    video: VideoId,
    position: Position,
) -> Result<Position, StoreError> {
    let reply = write(redis.into(), user, &[(video, position)], ONE).await?;
    counting(reply)?.ok_or(StoreError::Unreadable("positions"))
}

/// The same for some that Postgres has.
pub(crate) async fn put_all(
    redis: impl Into<Redis<'_>>,
    user: UserId,
    positions: &[(VideoId, Position)],
) -> Result<(), StoreError> {
    write(redis.into(), user, positions, ONE).await.map(drop)
}

/// The same in one step with a look whether Redis knows the video; none where it does not.
pub async fn put_in_known(
    redis: impl Into<Redis<'_>>,
    user: UserId,
    video: VideoId,
    position: Position,
) -> Result<Option<Position>, StoreError> {
    let keys = vec![keys::Account::new(user).positions(), keys::video(video)];
    let arguments = vec![
        number(POSITIONS_TTL_MS),
        number(video),
        number(position.client_time().as_millisecond()),
        place(&position).into_bytes(),
    ];
    counting(run(redis.into(), PUT_KNOWN, keys, arguments).await?)
}

/// Forgets the position in a video, whatever was known of it until now. Gives what counts now; none where Postgres may
/// know a position that Redis does not.
pub async fn forget_known(
    redis: impl Into<Redis<'_>>,
    user: UserId,
    video: VideoId,
    now: Timestamp,
) -> Result<Option<Position>, StoreError> {
    let keys = vec![keys::Account::new(user).positions()];
    let arguments = vec![number(POSITIONS_TTL_MS), number(video), number(now.as_millisecond())];
    counting(run(redis.into(), FORGET, keys, arguments).await?)
}

/// The one value of an answer, where there is one.
fn counting(reply: Reply) -> Result<Option<Position>, StoreError> {
    Fields::new("positions", reply)?.optional(parse)
}

/// As a step of a larger pipeline, keeps a position that was held: see `lua/held_position.lua`.
pub(crate) fn putting_held(user: UserId, video: VideoId, position: Position) -> Operation {
    let account = keys::Account::new(user);
    let arguments = vec![
        number(video),
        number(position.client_time().as_millisecond()),
        place(&position).into_bytes(),
        number(HELD_TTL_MS),
    ];
    script(PUT_HELD, vec![account.positions(), account.account()], arguments)
}

/// Keeps the newest positions that Postgres has of an account: all, where they are fewer than [`LOADED_MAX`].
pub async fn refill(
    redis: impl Into<Redis<'_>>,
    user: UserId,
    positions: &[(VideoId, Position)],
) -> Result<(), StoreError> {
    let extent = if positions.len() < LOADED_MAX { ALL } else { NEWEST };
    write(redis.into(), user, positions, extent).await.map(drop)
}

/// Forgets what Redis has of an account: its positions, its devices, which streams it had open, and what it had subscribed to.
/// Sessions end by themselves.
pub async fn drop_kept(redis: impl Into<Redis<'_>>, user: UserId) -> Result<(), StoreError> {
    let account = keys::Account::new(user);
    let (positions, devices) = (account.positions(), account.devices());
    let words = ["DEL", &positions, &devices, &account.streams(), &account.subscription()];
    command(redis.into(), &words).await.map(drop)
}

async fn write(
    redis: Redis<'_>,
    user: UserId,
    positions: &[(VideoId, Position)],
    extent: &[u8],
) -> Result<Reply, StoreError> {
    let (keys, arguments) = writing(user, positions, extent);
    run(redis, PUT, keys, arguments).await
}

fn writing(user: UserId, positions: &[(VideoId, Position)], extent: &[u8]) -> (Vec<String>, Vec<Vec<u8>>) {
    let mut arguments = Vec::with_capacity(2 + positions.len() * 3);
    arguments.push(number(POSITIONS_TTL_MS));
    arguments.push(extent.to_vec());
    for (video, position) in positions {
        arguments.push(number(video));
        arguments.push(number(position.client_time().as_millisecond()));
        arguments.push(place(position).into_bytes());
    }
    (vec![keys::Account::new(user).positions()], arguments)
}

/// `<position, ms>`, or `-`.
pub(crate) fn place(position: &Position) -> String {
    position.position_ms().map_or_else(|| FORGOTTEN.to_owned(), |position_ms| position_ms.to_string())
}

/// `<client time, ms>:<position, ms>`, or `<client time, ms>:-`.
pub(crate) fn written(position: &Position) -> String {
    format!("{}:{}", position.client_time().as_millisecond(), place(position))
}

/// What [`written`] wrote.
pub(crate) fn parse(value: &[u8]) -> Option<Position> {
    let (client_time_ms, place) = std::str::from_utf8(value).ok()?.split_once(':')?;
    let position_ms = if place == FORGOTTEN { None } else { Some(place.parse().ok()?) };
    Position::kept(position_ms, client_time_ms.parse().ok()?)
}
