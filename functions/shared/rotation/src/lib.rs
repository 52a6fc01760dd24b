//! Which of several keys signs, and which are published: a function of the keys' times and of nothing else, so that
//! there is no second step of a rotation to forget.
//!
//! A new key is published a lead before it signs, so that whoever verifies has it by then. The one before stays
//! published until the last thing that it signed has expired.

mod refusal;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use refusal::{RotateError, under_way};

/// How long before it signs a key is published, unless configured otherwise: longer than anybody keeps a set of
/// keys. The bridge keeps one for five minutes and may give it for five more while it asks for another; a
/// function keeps what it was given for five.
pub const LEAD_DEFAULT: SignedDuration = SignedDuration::from_mins(20);

/// No lead may be shorter. Then a function that finds a key unknown asks again, and what it is given is at most as
/// old as its pause between two looks, the copy that it accepts, and what Auth itself keeps: 10 s each.
pub const LEAD_MIN: SignedDuration = SignedDuration::from_secs(40);

/// A lead as it is configured, in seconds; none where it is no number, or too short.
pub fn lead(seconds: &str) -> Option<SignedDuration> {
    let seconds: u32 = seconds.parse().ok()?;
    Some(SignedDuration::from_secs(seconds.into())).filter(|lead| *lead >= LEAD_MIN)
}

/// How much longer than what it signed a key stays: clocks differ.
const LEEWAY: SignedDuration = SignedDuration::from_mins(1);

/// The times of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyTimes {
    /// From when on it is published.
    pub published_at: Timestamp,
    /// From when on it signs, until another one does.
    pub signs_from: Timestamp,
    /// From when on it is neither used nor published: it was compromised.
    pub revoked_at: Option<Timestamp>,
}

/// What a key is for, at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRole {
    /// It is published, and will sign.
    Next,
    /// It signs.
    Current,
    /// What it signed may still be good.
    Previous,
    /// It is of no use any more, and not published.
    Gone,
}

/// Keys from the oldest to the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySchedule {
    oldest_first: Vec<KeyTimes>,
    signed_life: SignedDuration,
}

/// The key of the last rotation does not sign yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the last rotation is under way until {signs_from}")]
pub struct RotationUnderWay {
    /// From when on it will.
    pub signs_from: Timestamp,
}

impl KeyRole {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            KeyRole::Next => "next",
            KeyRole::Current => "current",
            KeyRole::Previous => "previous",
            KeyRole::Gone => "gone",
        }
    }

    /// Whether the key is published.
    pub const fn is_published(self) -> bool {
        !matches!(self, KeyRole::Gone)
    }
}

impl KeyTimes {
    /// The very first key signs at once: nobody can have a set without it.
    pub const fn first(at: Timestamp) -> Self {
        KeyTimes { published_at: at, signs_from: at, revoked_at: None }
    }

    fn is_revoked(&self, at: Timestamp) -> bool {
        self.revoked_at.is_some_and(|revoked_at| revoked_at <= at)
    }
}

impl KeySchedule {
    /// Takes the keys from the oldest to the newest, and how long what they sign is good.
    pub const fn new(oldest_first: Vec<KeyTimes>, signed_life: SignedDuration) -> Self {
        KeySchedule { oldest_first, signed_life }
    }

    /// The index of the key that signs: the newest of those whose time has come.
    pub fn signer(&self, at: Timestamp) -> Option<usize> {
        self.oldest_first.iter().rposition(|key| key.signs_from <= at && !key.is_revoked(at))
    }

    /// When the key of that index stops being published, where that is known.
    pub fn leaves_at(&self, index: usize) -> Option<Timestamp> {
        let key = self.oldest_first.get(index)?;
        let successor = self.oldest_first.get(index + 1);
        let expired = successor.map(|next| next.signs_from + self.signed_life + LEEWAY);
        [key.revoked_at, expired].into_iter().flatten().min()
    }

    /// What each key is for, in their order.
    pub fn roles(&self, at: Timestamp) -> Vec<KeyRole> {
        let signer = self.signer(at);
        let role = |index: usize| {
            if self.leaves_at(index).is_some_and(|leaves_at| leaves_at <= at) {
                KeyRole::Gone
            } else if Some(index) == signer {
                KeyRole::Current
            } else if signer.is_none_or(|signer| index > signer) {
                KeyRole::Next
            } else {
                KeyRole::Previous
            }
        };
        (0..self.oldest_first.len()).map(role).collect()
    }

    /// The times of another key, by which the one that signs is replaced without anybody noticing.
    pub fn rotate(&self, lead: SignedDuration, at: Timestamp) -> Result<KeyTimes, RotationUnderWay> {
        match self.oldest_first.last() {
            Some(last) if last.signs_from > at && !last.is_revoked(at) => {
                Err(RotationUnderWay { signs_from: last.signs_from })
            }
            _ => Ok(KeyTimes { published_at: at, signs_from: at + lead.max(LEAD_MIN), revoked_at: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const T0: Timestamp = Timestamp::UNIX_EPOCH;
    const LIFE: SignedDuration = SignedDuration::from_mins(10);

    fn schedule(oldest_first: Vec<KeyTimes>) -> KeySchedule {
        KeySchedule::new(oldest_first, LIFE)
    }

    fn after(seconds: i64) -> Timestamp {
        T0 + SignedDuration::from_secs(seconds)
    }

    fn rotated_once() -> KeySchedule {
        let first = schedule(vec![KeyTimes::first(T0)]);
        let next = first.rotate(SignedDuration::from_secs(100), after(1000)).unwrap();
        schedule(vec![KeyTimes::first(T0), next])
    }

    #[test]
    fn the_first_key_signs_at_once_and_stays() {
        let keys = schedule(vec![KeyTimes::first(T0)]);
        for at in [0, 1_000_000] {
            assert_eq!(keys.roles(after(at)), [KeyRole::Current]);
        }
        assert_eq!(keys.leaves_at(0), None);
    }

    #[test]
    fn a_rotation_runs_by_time_alone() {
        use KeyRole::{Current, Gone, Next, Previous};
        let keys = rotated_once();
        for (at, roles) in [
            (1000, [Current, Next]),
            (1099, [Current, Next]),
            (1100, [Previous, Current]),
            (1100 + 600 + 59, [Previous, Current]),
            (1100 + 600 + 60, [Gone, Current]),
        ] {
            assert_eq!(keys.roles(after(at)), roles, "{at}");
        }
    }

    #[test]
    fn a_second_rotation_waits_for_the_first() {
        let keys = rotated_once();
        let under_way = RotationUnderWay { signs_from: after(1100) };
        assert_eq!(keys.rotate(LEAD_DEFAULT, after(1099)), Err(under_way));
        assert!(keys.rotate(LEAD_DEFAULT, after(1100)).is_ok());
    }

    #[test]
    fn a_revoked_key_is_out_at_once_and_a_pending_one_never_signs() {
        let revoked = |key: KeyTimes| KeyTimes { revoked_at: Some(after(1050)), ..key };
        let KeySchedule { oldest_first: before, .. } = rotated_once();
        let mut keys: Vec<_> = before.into_iter().map(revoked).collect();
        keys.push(KeyTimes::first(after(1050)));
        let keys = schedule(keys);
        for at in [1050, 1100, 1_000_000] {
            assert_eq!(keys.roles(after(at)), [KeyRole::Gone, KeyRole::Gone, KeyRole::Current]);
            assert_eq!(keys.signer(after(at)), Some(2));
        }
        assert!(keys.rotate(LEAD_DEFAULT, after(1050)).is_ok());
    }

    #[test]
    fn a_lead_is_never_too_short() {
        let keys = schedule(vec![KeyTimes::first(T0)]);
        assert_eq!(keys.rotate(SignedDuration::ZERO, T0).unwrap().signs_from, T0 + LEAD_MIN);
        assert_eq!(lead("40"), Some(LEAD_MIN));
        for unfit in ["39", "", "x", "-40"] {
            assert_eq!(lead(unfit), None, "{unfit:?}");
        }
    }

    proptest! {
        /// Whenever rotations are asked for: there is a signer, it was published a lead before it began, and every
        /// token that a key signed is verifiable until it expires.
        #[test]
        fn no_token_outlives_its_key(steps in prop::collection::vec(0..3000_i64, 1..12), age in 0..600_i64) {
            let mut times = vec![KeyTimes::first(T0)];
            let mut now = 0;
            for step in steps {
                now += step;
                if let Ok(next) = schedule(times.clone()).rotate(LEAD_DEFAULT, after(now)) {
                    times.push(next);
                }
            }
            let keys = schedule(times.clone());
            for at in (0..now + 4000).step_by(97) {
                let signer = keys.signer(after(at)).expect("a signer");
                let lead = times[signer].signs_from.duration_since(times[signer].published_at);
                prop_assert!(signer == 0 || lead == LEAD_DEFAULT);
                prop_assert!(keys.roles(after(at + age))[signer].is_published());
                prop_assert!(keys.roles(after(at)).iter().filter(|role| **role == KeyRole::Current).count() == 1);
            }
        }
    }
}
