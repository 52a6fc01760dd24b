//! Where a viewer stopped.

use jiff::{SignedDuration, Timestamp};

/// No video is longer than a week.
pub const POSITION_MAX_MS: u64 = 7 * 24 * 60 * 60 * 1000;
/// How far a client's clock may run ahead. A position from further ahead would win over all that follow.
pub const CLIENT_CLOCK_SKEW_MAX: SignedDuration = SignedDuration::from_secs(60);

/// A position, or that the viewer wants it forgotten, with the client's time of it: of two, the later one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// None: forgotten.
    position_ms: Option<u64>,
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
        Self::kept(Some(position_ms), client_time.as_millisecond()).ok_or(InvalidPosition)
    }

    /// That whatever was known until now is to be forgotten, also where a client's clock ran ahead.
    pub fn forgotten(known: Option<&Position>, now: Timestamp) -> Self {
        let client_time = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        let client_time = known.map_or(client_time, |known| known.client_time.max(client_time));
        Position { position_ms: None, client_time }
    }

    /// Takes what was stored; `client_time_ms` in milliseconds since the Unix epoch.
    pub fn kept(position_ms: Option<u64>, client_time_ms: i64) -> Option<Self> {
        let client_time = Timestamp::from_millisecond(client_time_ms).ok()?;
        let is_possible = position_ms.is_none_or(|position_ms| position_ms <= POSITION_MAX_MS);
        (is_possible && client_time_ms >= 0).then_some(Position { position_ms, client_time })
    }

    /// Milliseconds from the beginning; none where it is forgotten.
    pub fn position_ms(&self) -> Option<u64> {
        self.position_ms
    }

    /// When the client was there, to the millisecond.
    pub fn client_time(&self) -> Timestamp {
        self.client_time
    }

    /// Whether it counts where the other one is known. Of the same time, what is to be forgotten is forgotten.
    pub fn counts_over(&self, known: &Position) -> bool {
        let place = |position: &Position| (position.client_time, position.position_ms.is_none());
        place(self) > place(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    fn positions() -> impl Strategy<Value = Position> {
        // Few times, so that many are the same.
        (prop::option::of(0..3_u64), 0..4_i64)
            .prop_map(|(position_ms, at_ms)| Position::kept(position_ms, at_ms).unwrap())
    }

    fn counting(known: Position, told: Position) -> Position {
        if told.counts_over(&known) { told } else { known }
    }

    proptest! {
        #[test]
        fn what_is_forgotten_is_so_whatever_was_known(known in positions(), now_ms in 0..4_i64) {
            let now = Timestamp::from_millisecond(now_ms).unwrap();
            let forgotten = Position::forgotten(Some(&known), now);
            prop_assert_eq!(counting(known, forgotten).position_ms(), None);
            prop_assert!(forgotten.client_time() >= now);
        }

        /// Stores hear of the same in other orders.
        #[test]
        fn whether_something_is_forgotten_does_not_depend_on_the_order(
            told in prop::collection::vec(positions(), 1..5)
        ) {
            let last = |told: &mut dyn Iterator<Item = Position>| told.reduce(counting).unwrap();
            let (one, other) = (last(&mut told.iter().copied()), last(&mut told.iter().rev().copied()));
            prop_assert_eq!(one.client_time(), other.client_time());
            prop_assert_eq!(one.position_ms().is_none(), other.position_ms().is_none());
        }
    }
}
