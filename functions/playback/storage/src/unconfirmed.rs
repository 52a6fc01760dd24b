//! What no store could confirm when it was put into Redis: there it says since when, so that it does not become new by that.
//!
//! The field `since` says it, as `<version>:<since when, ms>:<until when this may be so, ms>`. It is about that version alone,
//! and for that long: whoever knows nothing of the field keeps what a store has confirmed, and leaves it there.

use crate::reply::number;
use jiff::Timestamp;

/// Not for longer than it takes to ask again.
const UNCONFIRMED_TTL_MS: u64 = 10_000;
/// Until then Redis has forgotten it, however long it took to get there.
const SAID_FOR_MS: i64 = 60_000;

/// For how long Redis keeps a read model, and on whose word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keeping {
    ttl_ms: u64,
    /// Since when no store could confirm it, and until when that may be so; none where a store has it.
    unconfirmed_ms: Option<(i64, i64)>,
}

impl Keeping {
    /// What a store has.
    pub(crate) const fn confirmed(ttl_ms: u64) -> Self {
        Keeping { ttl_ms, unconfirmed_ms: None }
    }

    /// What no store has confirmed for so long.
    pub(crate) fn unconfirmed(stale_ms: u64, now: Timestamp) -> Self {
        let stale_ms = i64::try_from(stale_ms).unwrap_or(i64::MAX);
        let now_ms = now.as_millisecond();
        let unconfirmed_ms = Some((now_ms.saturating_sub(stale_ms), now_ms.saturating_add(SAID_FOR_MS)));
        Keeping { ttl_ms: UNCONFIRMED_TTL_MS, unconfirmed_ms }
    }

    /// Lifetime, and the field `since` of this version, or "".
    pub(crate) fn arguments(self, version: u64) -> [Vec<u8>; 2] {
        let said = |(since_ms, until_ms): (i64, i64)| format!("{version}:{since_ms}:{until_ms}").into_bytes();
        [number(self.ttl_ms), self.unconfirmed_ms.map(said).unwrap_or_default()]
    }
}

/// Milliseconds since a store could last confirm this version, as Redis has it with the field `since`: 0 where one has, and never
/// 0 where none has.
pub(crate) fn stale_ms(since: Option<&[u8]>, version: u64, now: Timestamp) -> u64 {
    let age_ms = |since_ms: i64| now.as_millisecond().saturating_sub(since_ms);
    let since_ms = since.and_then(|since| since_ms(since, version, now));
    since_ms.map_or(0, |since_ms| at_least_one(u64::try_from(age_ms(since_ms)).unwrap_or(0)))
}

/// None where the field is about another version, or too old to be about this one.
fn since_ms(since: &[u8], version: u64, now: Timestamp) -> Option<i64> {
    let mut words = std::str::from_utf8(since).ok()?.split(':');
    let of: u64 = words.next()?.parse().ok()?;
    let (since_ms, until_ms): (i64, i64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    (of == version && now.as_millisecond() < until_ms).then_some(since_ms)
}

/// The age of a copy that no store has confirmed since.
pub(crate) fn at_least_one(age_ms: u64) -> u64 {
    age_ms.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn what_was_not_confirmed_is_never_fresh() {
        let now = Timestamp::constant(1_800_000_000, 0);
        let [ttl_ms, since] = Keeping::unconfirmed(5_000, now).arguments(7);
        assert_eq!(ttl_ms, b"10000");
        assert_eq!(since, b"7:1799999995000:1800000060000");
        let after = |ms| stale_ms(Some(&since), 7, now + SignedDuration::from_millis(ms));
        assert_eq!([0, 9_000, -5_000, -9_000].map(after), [5_000, 14_000, 1, 1]);
        assert_eq!(stale_ms(None, 7, now), 0);
        assert!(Keeping::confirmed(1).arguments(7)[1].is_empty());
    }

    #[test]
    fn what_was_confirmed_by_who_knows_nothing_of_the_field_is_fresh() {
        let now = Timestamp::constant(1_800_000_000, 0);
        let [_, since] = Keeping::unconfirmed(5_000, now).arguments(7);
        assert_eq!(stale_ms(Some(&since), 8, now), 0, "another version");
        let later = now + SignedDuration::from_millis(SAID_FOR_MS);
        assert_eq!(stale_ms(Some(&since), 7, later), 0, "Redis would have forgotten what was not confirmed");
        for other in ["", "7", "7:1", "1799999995000", "x:1:2", "\u{e9}"] {
            assert_eq!(stale_ms(Some(other.as_bytes()), 7, now), 0, "{other:?}");
        }
    }
}
