//! Where a viewer stopped.

use jiff::{SignedDuration, Timestamp};

/// No video is longer than a week.
pub const POSITION_MAX_MS: u64 = 7 * 24 * 60 * 60 * 1000;
/// How far a client's clock may run ahead. A position from further ahead would win over all that follow.
pub const CLIENT_CLOCK_SKEW_MAX: SignedDuration = SignedDuration::from_secs(60);

/// A position with the client's time of it: of two positions, the later one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    position_ms: u64,
    client_time: Timestamp,
}

/// Not a position in a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be at most {POSITION_MAX_MS}")]
pub struct InvalidPosition;

impl Position {
    /// Takes a client's word. Without a time, or with one that cannot be, it is of `now`.
    pub fn told(
        position_ms: u64,
        client_time: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, InvalidPosition> {
        let believable = |time: &Timestamp| {
            *time >= Timestamp::UNIX_EPOCH && time.duration_since(now) <= CLIENT_CLOCK_SKEW_MAX
        };
        let client_time = client_time.filter(believable).unwrap_or(now);
        Self::kept(position_ms, client_time.as_millisecond()).ok_or(InvalidPosition)
    }

    /// Takes what was stored; `client_time_ms` in milliseconds since the Unix epoch.
    pub fn kept(position_ms: u64, client_time_ms: i64) -> Option<Self> {
        let client_time = Timestamp::from_millisecond(client_time_ms).ok()?;
        (position_ms <= POSITION_MAX_MS && client_time_ms >= 0)
            .then_some(Position { position_ms, client_time })
    }

    /// Milliseconds from the beginning.
    pub fn position_ms(&self) -> u64 {
        self.position_ms
    }

    /// When the client was there, to the millisecond.
    pub fn client_time(&self) -> Timestamp {
        self.client_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_runs_ahead_cannot_freeze_the_position() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let at = |ahead_s| Position::told(1, Some(now + SignedDuration::from_secs(ahead_s)), now).unwrap();
        assert_eq!(at(60).client_time().duration_since(now).as_secs(), 60);
        assert_eq!(at(61).client_time(), now);
        assert_eq!(at(-3600).client_time().duration_since(now).as_secs(), -3600);
    }

    #[test]
    fn a_position_behind_every_video_is_refused() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(Position::told(POSITION_MAX_MS, None, now).is_ok());
        assert_eq!(Position::told(POSITION_MAX_MS + 1, None, now), Err(InvalidPosition));
    }
}
