//! What is known of a session and of its video where its player asks where to load from: in Redis, and in this process. Nothing is
//! written.

use crate::model::Version;
use crate::positions_redis::parse;
use crate::refresh::refresh_video;
use crate::reply::{Fields, given, parsed, words};
use crate::{Bounds, Redis, StoreError, keys, memory, probe_after_answer, videos_redis};
use jiff::Timestamp;
use mcsp_function::Context;
use mcsp_ids::{PlaybackSessionId, UserId, VideoId};
use playback_domain::{PlayerState, Position};

/// A session, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Steered {
    /// Whether it has ended.
    pub is_over: bool,
    /// What was signed for it last; none where nobody knows it.
    pub signed: Option<Signed>,
    /// What it plays; none where nobody knows that.
    pub video: Option<Version>,
    /// Where it is in that by now; none where it does not play, and where nobody knows.
    pub position_ms: Option<u64>,
}

/// URLs, as they were signed last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// When they expire, in Unix seconds.
    pub expires_at_s: u64,
    /// The network that they are bound to, empty where it is none; and nothing where that was not noted.
    pub network: Option<String>,
}

/// Finds a session and its video in Redis: one round trip. What Redis can't tell, or does not know, this process may remember.
pub async fn find(
    context: &Context,
    bounds: &Bounds,
    session: (UserId, PlaybackSessionId),
    video: VideoId,
) -> Result<Steered, StoreError> {
    let redis = Redis::within(context.bridge(), bounds);
    let told = match in_redis(redis, session, video, context.now()).await {
        Ok(told) => told,
        Err(error) if error.is_outage() => {
            probe_after_answer(context, &error);
            Steered::default()
        }
        Err(error) => return Err(error),
    };
    if told.is_over || (told.signed.is_some() && told.video.is_some()) {
        return Ok(told);
    }
    Ok(told.or(here(context, bounds, session, video).await?))
}

async fn in_redis(
    redis: Redis<'_>,
    (user, session): (UserId, PlaybackSessionId),
    video: VideoId,
    now: Timestamp,
) -> Result<Steered, StoreError> {
    let session = keys::Account::new(user).session(session);
    let reads = vec![
        words(&["HMGET", &session, "expires_s", "network", "ended", "state", "at_ms", "position"]),
        words(&["HMGET", &keys::video(video), "version", "model", "since"]),
    ];
    let mut replies = redis.pipeline(reads).await?.into_iter();
    let mut next = |of: &'static str| Fields::new(of, given(replies.next())?);
    let (mut session, mut video) = (next("session")?, next("video")?);
    let expires_at_s: Option<u64> = session.optional(parsed)?;
    let network: Option<String> = session.optional(parsed)?;
    let is_over = session.bytes().is_some();
    let is_playing = session.bytes().is_some_and(|state| state == PlayerState::Playing.as_str().as_bytes());
    let (at_ms, position) = (session.optional(parsed)?, session.optional(parse)?);
    let place = at_ms.zip(position.as_ref().and_then(Position::position_ms)).filter(|_| is_playing);
    Ok(Steered {
        is_over,
        position_ms: place.map(|(at_ms, position_ms)| position_ms.saturating_add(since_ms(at_ms, now))),
        signed: expires_at_s.map(|expires_at_s| Signed { expires_at_s, network }),
        video: videos_redis::version(&mut video, now)?.map(|loaded| loaded.version),
    })
}

/// What this process remembers. An old copy of the video is made anew after the answer: it may have been taken back. One that says that it
/// is says nothing here: it may have been given back since, and a player that is told that all is over does not ask again.
async fn here(
    context: &Context,
    bounds: &Bounds,
    (user, session): (UserId, PlaybackSessionId),
    video: VideoId,
) -> Result<Steered, StoreError> {
    let account = memory::account(context.bridge(), user, None).await?;
    let known = account.here.known(session, None);
    let copy = memory::video(context.bridge(), video).await?;
    if let Some(copy) = &copy {
        refresh_video(context, bounds, video, copy.age_ms);
    }
    Ok(Steered {
        is_over: account.here.has_ended(session),
        signed: known.map(|shown| Signed { expires_at_s: shown.expires_at_s, network: None }),
        video: copy.map(|copy| copy.known).filter(|version| version.video.state.media().is_some()),
        position_ms: None,
    })
}

fn since_ms(at_ms: i64, now: Timestamp) -> u64 {
    u64::try_from(now.as_millisecond().saturating_sub(at_ms)).unwrap_or_default()
}

impl Steered {
    /// With what another source knows beside it.
    fn or(self, other: Steered) -> Self {
        Steered {
            is_over: self.is_over || other.is_over,
            signed: self.signed.or(other.signed),
            video: self.video.or(other.video),
            position_ms: self.position_ms.or(other.position_ms),
        }
    }
}
