//! All keys that there are, and what each is for. Those that were made come, sign and leave by their times. Those of the
//! configuration sign where no other does, and are good for as long as they stand there: whoever knows of nothing else has
//! them.

use jiff::{SignedDuration, Timestamp};
use mcsp_playback_url::KeySecret;
use mcsp_rotation::{KeyRole, KeySchedule, KeyTimes, RotationUnderWay};
use playback_storage::signing_keys::StoredKey;

/// No URL, and nothing that players prove, is good for longer.
pub const SIGNED_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// One key.
#[derive(Clone, Debug)]
pub struct Known {
    /// What tokens name it by.
    pub kid: String,
    /// Whether the configuration has it.
    pub is_configured: bool,
    /// As it is stored, if it is.
    pub stored: Option<StoredKey>,
}

/// All keys that there are, the oldest first.
#[derive(Clone, Debug)]
pub struct Keys {
    known: Vec<Known>,
    schedule: KeySchedule,
}

impl Keys {
    /// Of the configuration, the one that signs first, and of what is stored, the oldest first.
    pub fn of(configured: &[KeySecret], stored: Vec<StoredKey>) -> Self {
        let is_configured = |kid: &str| configured.iter().any(|key| key.id == kid);
        let is_stored = |kid: &str| stored.iter().any(|key| key.kid == kid);
        let only_configured = configured.iter().rev().filter(|key| !is_stored(&key.id));
        let mut known: Vec<Known> = only_configured
            .map(|key| Known { kid: key.id.clone(), is_configured: true, stored: None })
            .collect();
        known.extend(stored.into_iter().map(|stored| Known {
            kid: stored.kid.clone(),
            is_configured: is_configured(&stored.kid),
            stored: Some(stored),
        }));
        Keys { schedule: schedule(&known), known }
    }

    /// Goes on as if there were no others.
    pub(crate) fn retain(&mut self, is_kept: impl FnMut(&Known) -> bool) {
        self.known.retain(is_kept);
        self.schedule = schedule(&self.known);
    }

    /// Each with what it is for.
    pub fn roles(&self, at: Timestamp) -> impl DoubleEndedIterator<Item = (&Known, KeyRole)> {
        let roles = self.known.iter().zip(self.schedule.roles(at));
        roles.map(move |(known, role)| match role {
            KeyRole::Gone if known.is_configured && !known.is_revoked(at) => (known, KeyRole::Previous),
            role => (known, role),
        })
    }

    /// When a key stops being good, where that is known.
    pub fn leaves_at(&self, kid: &str) -> Option<Timestamp> {
        let index = self.known.iter().position(|known| known.kid == kid)?;
        let known = self.known.get(index)?;
        if known.is_configured { known.times().revoked_at } else { self.schedule.leaves_at(index) }
    }

    /// The times of another key, by which the one that signs is replaced without anybody noticing.
    pub fn rotate(&self, lead: SignedDuration, at: Timestamp) -> Result<KeyTimes, RotationUnderWay> {
        self.schedule.rotate(lead, at)
    }

    /// The place of a new key.
    pub fn next_sequence(&self) -> i64 {
        let last = self.known.last().and_then(|last| last.stored.as_ref());
        last.map_or(1, |last| last.sequence + 1)
    }

    /// As they are stored.
    pub fn into_stored(self) -> Vec<StoredKey> {
        self.known.into_iter().filter_map(|known| known.stored).collect()
    }
}

fn schedule(known: &[Known]) -> KeySchedule {
    KeySchedule::new(known.iter().map(Known::times).collect(), SIGNED_LIFE)
}

impl Known {
    /// When it is published and signs. A key of the configuration always did.
    fn times(&self) -> KeyTimes {
        self.stored.as_ref().map_or(KeyTimes::first(Timestamp::UNIX_EPOCH), |stored| stored.times)
    }

    pub(crate) fn is_revoked(&self, at: Timestamp) -> bool {
        self.times().revoked_at.is_some_and(|revoked_at| revoked_at <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeyRole::{Current, Gone, Next, Previous};

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);
    const LEAD: SignedDuration = SignedDuration::from_mins(20);

    fn configured() -> [KeySecret; 2] {
        ["c1", "c0"].map(|id| KeySecret { id: id.to_owned(), secret: "s".repeat(32) })
    }

    fn made(sequence: i64, times: KeyTimes) -> StoredKey {
        StoredKey { sequence, kid: format!("m{sequence}"), sealed_secret: Some(Vec::new()), times }
    }

    fn roles(keys: &Keys, at: Timestamp) -> Vec<(&str, KeyRole)> {
        keys.roles(at).map(|(known, role)| (known.kid.as_str(), role)).collect()
    }

    #[test]
    fn without_another_the_first_of_the_configuration_signs() {
        let keys = Keys::of(&configured(), Vec::new());
        assert_eq!(roles(&keys, NOW), [("c0", Previous), ("c1", Current)]);
        assert_eq!((keys.leaves_at("c0"), keys.leaves_at("c1"), keys.next_sequence()), (None, None, 1));
    }

    #[test]
    fn what_is_made_comes_and_leaves_and_the_configuration_stays() {
        let times = Keys::of(&configured(), Vec::new()).rotate(LEAD, NOW).unwrap();
        let mut stored = vec![made(1, times)];
        let keys = Keys::of(&configured(), stored.clone());
        assert_eq!(roles(&keys, NOW), [("c0", Previous), ("c1", Current), ("m1", Next)]);
        assert_eq!(roles(&keys, NOW + LEAD), [("c0", Previous), ("c1", Previous), ("m1", Current)]);
        assert!(keys.rotate(LEAD, NOW).is_err(), "one is under way");
        let later = NOW + LEAD;
        stored.push(made(2, keys.rotate(LEAD, later).unwrap()));
        let (keys, gone) = (Keys::of(&configured(), stored), keys_leave_at(later));
        assert_eq!(keys.leaves_at("m1"), Some(gone));
        let years_later = NOW + SignedDuration::from_hours(24 * 365);
        assert_eq!(
            roles(&keys, years_later),
            [("c0", Previous), ("c1", Previous), ("m1", Gone), ("m2", Current)]
        );
    }

    fn keys_leave_at(rotated_at: Timestamp) -> Timestamp {
        rotated_at + LEAD + SIGNED_LIFE + SignedDuration::from_mins(1)
    }

    #[test]
    fn a_revoked_key_is_gone_though_the_configuration_has_it() {
        let revoked = KeyTimes { revoked_at: Some(NOW), ..KeyTimes::first(NOW) };
        let stored = vec![
            StoredKey { kid: "c1".to_owned(), sealed_secret: None, ..made(1, revoked) },
            made(2, KeyTimes::first(NOW)),
        ];
        let keys = Keys::of(&configured(), stored);
        assert_eq!(roles(&keys, NOW), [("c0", Previous), ("c1", Gone), ("m2", Current)]);
        assert_eq!((keys.leaves_at("c1"), keys.next_sequence()), (Some(NOW), 3));
    }

    #[test]
    fn a_key_that_was_made_and_is_configured_since_does_not_leave() {
        let configured = [KeySecret { id: "m1".to_owned(), secret: "s".repeat(32) }];
        let stored = vec![made(1, KeyTimes::first(NOW)), made(2, KeyTimes::first(NOW))];
        let keys = Keys::of(&configured, stored);
        let years_later = NOW + SignedDuration::from_hours(24 * 365);
        assert_eq!(roles(&keys, years_later), [("m1", Previous), ("m2", Current)]);
        assert_eq!(keys.leaves_at("m1"), None);
    }
}
