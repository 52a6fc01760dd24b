//! What Admin decides beside what the owner says: who denies wins, and neither order nor repetition matters.

use jiff::Timestamp;
use playback_domain::{AccountState, Decision, Deniable, State, merged};
use proptest::prelude::*;
use std::fmt::Debug;

const STATES: [State<&str>; 6] = [
    State::NeverPublished,
    State::Scheduled(Timestamp::constant(1_800_000_060, 0)),
    State::Published("media"),
    State::Unpublished,
    State::Blocked,
    State::Deleted,
];
const ACCOUNTS: [AccountState; 4] =
    [AccountState::Active, AccountState::Suspended, AccountState::Closed, AccountState::Erased];

fn decision(version: u64, denies: bool) -> Option<Decision> {
    Some(Decision { version, denies })
}

/// What was heard: of the owner, or of Admin, with the version that whoever tells it gave it.
#[derive(Clone, Debug)]
enum Heard<T> {
    Told(u64, T),
    Decided(Decision),
}

/// What a store has: of each the latest.
#[derive(Clone, Debug)]
struct Store<T> {
    told: (u64, T),
    decision: Option<Decision>,
}

impl<T: Deniable + Clone> Store<T> {
    /// Says whether it was later than what was known.
    fn hears(&mut self, heard: &Heard<T>) -> bool {
        match heard {
            Heard::Told(version, told) if *version > self.told.0 => self.told = (*version, told.clone()),
            Heard::Decided(decision)
                if self.decision.is_none_or(|known| known.version < decision.version) =>
            {
                self.decision = Some(*decision);
            }
            Heard::Told(..) | Heard::Decided(_) => return false,
        }
        true
    }

    fn counts(&self) -> (u64, T) {
        merged(self.told.clone(), self.decision)
    }
}

/// Each version is of one state alone, whoever tells it how often.
fn heard<T: Clone + Debug + 'static>(states: &'static [T]) -> impl Strategy<Value = Vec<Heard<T>>> {
    let told = prop::collection::vec(prop::sample::select(states), 1..6);
    let denying = prop::collection::vec(any::<bool>(), 0..6);
    (told, denying).prop_flat_map(|(told, denying)| {
        let told = (1..).zip(told).map(|(version, state)| Heard::Told(version, state));
        let denying = (1..).zip(denying);
        let decided = denying.map(|(version, denies)| Heard::Decided(Decision { version, denies }));
        let all: Vec<_> = told.chain(decided).collect();
        let again = prop::sample::subsequence(all.clone(), 0..=all.len());
        again.prop_flat_map(move |again| Just([all.clone(), again].concat()).prop_shuffle())
    })
}

/// Hears it in that order, and checks that what counts then never gets an earlier version, or another one for the same.
fn after<T: Deniable + Clone + Debug + PartialEq>(first: T, heard: &[Heard<T>]) -> (u64, T) {
    let mut store = Store { told: (0, first), decision: None };
    for one in heard {
        let before = store.counts();
        let is_later = store.hears(one);
        let now = store.counts();
        assert_eq!(is_later, now.0 > before.0, "{one:?}");
        assert!(is_later || now == before, "{one:?}");
    }
    store.counts()
}

/// The latest of both, wherever it stands.
fn expected<T: Deniable + Clone>(first: T, heard: &[Heard<T>]) -> (u64, T) {
    let (mut told, mut decided) = ((0, first), None::<Decision>);
    for one in heard {
        match one {
            Heard::Told(version, state) if *version >= told.0 => told = (*version, state.clone()),
            Heard::Decided(decision) => {
                let latest = decided.filter(|known| known.version > decision.version);
                decided = latest.or(Some(*decision));
            }
            Heard::Told(..) => {}
        }
    }
    let denies = decided.is_some_and(|decision| decision.denies);
    let version = told.0 + decided.map_or(0, |decision| decision.version);
    (version, if denies { told.1.denied() } else { told.1 })
}

#[test]
fn without_a_decision_all_is_as_its_owner_says() {
    for state in STATES {
        assert_eq!(merged((4, state.clone()), None), (4, state));
    }
}

#[test]
fn a_block_counts_whatever_content_says_unless_the_video_is_deleted() {
    for state in STATES {
        let (version, denied) = merged((4, state.clone()), decision(3, true));
        let is_deleted = state == State::Deleted;
        assert_eq!((version, denied), (7, if is_deleted { State::Deleted } else { State::Blocked }));
    }
}

#[test]
fn a_suspension_counts_whatever_auth_says_unless_the_account_is_erased() {
    for state in ACCOUNTS {
        let is_erased = state == AccountState::Erased;
        let denied = if is_erased { AccountState::Erased } else { AccountState::Suspended };
        assert_eq!(merged((4, state), decision(3, true)), (7, denied));
    }
}

#[test]
fn a_restoration_counts_once_both_have_said_so() {
    assert_eq!(merged((4, State::Blocked::<&str>), decision(2, false)), (6, State::Blocked));
    assert_eq!(merged((5, State::Published("media")), decision(1, true)), (6, State::Blocked));
    assert_eq!(merged((5, State::Published("media")), decision(2, false)), (7, State::Published("media")));
    assert_eq!(merged((4, AccountState::Suspended), decision(2, false)).1, AccountState::Suspended);
    assert_eq!(merged((5, AccountState::Active), decision(2, false)).1, AccountState::Active);
}

#[test]
fn versions_that_nobody_counts_to_have_room_together() {
    let (version, _) = merged((u64::MAX, AccountState::Active), decision(u64::MAX, true));
    assert_eq!(version, u64::MAX);
}

proptest! {
    #[test]
    fn the_order_in_which_a_video_is_heard_of_does_not_matter(heard in heard(&STATES)) {
        prop_assert_eq!(after(State::NeverPublished, &heard), expected(State::NeverPublished, &heard));
    }

    #[test]
    fn the_order_in_which_an_account_is_heard_of_does_not_matter(heard in heard(&ACCOUNTS)) {
        prop_assert_eq!(after(AccountState::Active, &heard), expected(AccountState::Active, &heard));
    }
}
