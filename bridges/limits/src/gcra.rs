//! The generic cell rate algorithm (ITU-T I.371, annex A): a token bucket whose whole state is one time, at which
//! the bucket will be full again. Pure; times are nanoseconds since any origin.

use crate::config::Rate;

const NS_PER_MINUTE: u64 = 60_000_000_000;
const NS_PER_MS: u64 = 1_000_000;

/// What a taken request leaves behind, or why it is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// When the bucket will be full again. Of a refused request, the same as before.
    pub full_at_ns: u64,
    /// How long a refused request must wait; 0 for one that is taken.
    pub wait_ns: u64,
    /// Requests that could follow at once.
    pub remaining: u32,
}

/// Takes one request at `now_ns` from a bucket that is full at `full_at_ns`.
pub(crate) fn take(rate: Rate, full_at_ns: u64, now_ns: u64) -> Taken {
    let (per_request, whole) = (ns_per_request(rate), window_ns(rate));
    let missing = full_at_ns.saturating_sub(now_ns);
    // After a reload more may be missing than the bucket can hold.
    let missing = missing.min(whole);
    let missing_after = missing.saturating_add(per_request);
    if missing_after > whole {
        return Taken {
            full_at_ns: now_ns.saturating_add(missing),
            wait_ns: missing_after - whole,
            remaining: 0,
        };
    }
    let remaining = (whole - missing_after) / per_request;
    Taken {
        full_at_ns: now_ns.saturating_add(missing_after),
        wait_ns: 0,
        remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
    }
}

/// Rounded up, so that never more comes through than the rate says.
fn ns_per_request(rate: Rate) -> u64 {
    NS_PER_MINUTE.div_ceil(u64::from(rate.per_minute.get()))
}

/// The time in which an empty bucket fills.
fn window_ns(rate: Rate) -> u64 {
    ns_per_request(rate).saturating_mul(u64::from(rate.burst.get()))
}

/// The same, in milliseconds.
pub(crate) fn window_ms(rate: Rate) -> u32 {
    whole_ms(window_ns(rate))
}

/// Rounded up: who waits must not come too early.
pub(crate) fn whole_ms(ns: u64) -> u32 {
    u32::try_from(ns.div_ceil(NS_PER_MS)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::num::NonZeroU32;

    const SECOND: u64 = 1_000_000_000;

    fn rate(per_minute: u32, burst: u32) -> Rate {
        let nonzero = |value| NonZeroU32::new(value).unwrap();
        Rate { per_minute: nonzero(per_minute), burst: nonzero(burst) }
    }

    #[test]
    fn a_burst_is_taken_and_one_more_is_not() {
        let rate = rate(60, 3);
        let mut full_at = 0;
        for remaining in [2, 1, 0] {
            let taken = take(rate, full_at, 10 * SECOND);
            assert_eq!((taken.wait_ns, taken.remaining), (0, remaining));
            full_at = taken.full_at_ns;
        }
        let refused = take(rate, full_at, 10 * SECOND);
        assert_eq!((refused.wait_ns, refused.full_at_ns), (SECOND, full_at));
        assert_eq!(take(rate, full_at, 11 * SECOND - 1).wait_ns, 1);
        assert_eq!(take(rate, full_at, 11 * SECOND).wait_ns, 0);
        assert_eq!(take(rate, full_at, 13 * SECOND).remaining, 2, "full again");
    }

    #[test]
    fn a_smaller_bucket_after_a_reload_makes_nobody_wait_for_the_old_one() {
        let emptied = take(rate(1, 1_000), 0, 0).full_at_ns + 900 * 60 * SECOND;
        assert!(take(rate(60, 2), emptied, 0).wait_ns <= SECOND);
    }

    #[test]
    fn the_greatest_rates_do_not_overflow() {
        for (per_minute, burst) in [(1, u32::MAX), (u32::MAX, u32::MAX), (u32::MAX, 1), (1, 1)] {
            let rate = rate(per_minute, burst);
            assert_eq!(take(rate, 0, 1 << 60).wait_ns, 0);
            assert!(window_ms(rate) >= 1);
        }
    }

    proptest! {
        /// In any stretch of time no more is taken than the burst and what the rate gives for the time.
        #[test]
        fn never_more_than_burst_and_rate(
            per_minute in 1..100_000_u32,
            burst in 1..200_u32,
            pauses in prop::collection::vec(0..2 * SECOND, 1..400),
        ) {
            let rate = rate(per_minute, burst);
            let (mut now, mut full_at, mut taken) = (0, 0, Vec::new());
            for pause in pauses {
                now += pause / u64::from(burst);
                let attempt = take(rate, full_at, now);
                if attempt.wait_ns == 0 {
                    taken.push(now);
                } else {
                    // Who waits as told is taken.
                    prop_assert_eq!(take(rate, attempt.full_at_ns, now + attempt.wait_ns).wait_ns, 0);
                }
                full_at = attempt.full_at_ns;
            }
            for (first, from) in taken.iter().enumerate() {
                for (last, to) in taken.iter().enumerate().skip(first) {
                    let allowed = u128::from(burst) * u128::from(NS_PER_MINUTE)
                        + u128::from(per_minute) * u128::from(to - from);
                    prop_assert!((last - first + 1) as u128 * u128::from(NS_PER_MINUTE) <= allowed);
                }
            }
        }
    }
}
