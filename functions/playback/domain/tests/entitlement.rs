//! The decision, exhaustively, and what must hold whatever the facts are.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may fail as tests do")]

use mcsp_ids::UserId;
use playback_domain::{
    AccountState, Denial, Facts, HoldsFor, Reason, Region, Regions, State, Video, Viewer, Visibility, decide,
};
use proptest::prelude::*;
use uuid::Uuid;

const MEDIA: &str = "media";
const STATES: [State<&str>; 5] =
    [State::NeverPublished, State::Published(MEDIA), State::Unpublished, State::Blocked, State::Deleted];
const VISIBILITIES: [Visibility; 3] = [Visibility::Public, Visibility::Unlisted, Visibility::Private];
const BOTH: [bool; 2] = [false, true];
const ACCOUNTS: [AccountState; 4] =
    [AccountState::Active, AccountState::Suspended, AccountState::Closed, AccountState::Erased];

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

/// A viewer in `eu` with a limit of 3.
fn viewer() -> Viewer {
    Viewer { user: user(1), region: region("eu"), stream_limit: 3 }
}

fn video(
    state: State<&'static str>,
    visibility: Visibility,
    owned: bool,
    admitted: bool,
) -> Video<&'static str> {
    let deny = if admitted { Vec::new() } else { vec![region("eu")] };
    let owner = user(if owned { 1 } else { 2 });
    Video { owner, state, visibility, regions: Regions { allow: Vec::new(), deny } }
}

fn told(reason: Reason) -> Result<HoldsFor, Denial> {
    Err(Denial { reason, hidden: false })
}

fn hidden(reason: Reason) -> Result<HoldsFor, Denial> {
    Err(Denial { reason, hidden: true })
}

/// The table, written another way round than the function: one line for each kind of answer.
fn expected(
    account: AccountState,
    video: &Video<&str>,
    owned: bool,
    admitted: bool,
    full: bool,
) -> Result<HoldsFor, Denial> {
    if account == AccountState::Suspended {
        return told(Reason::AccountSuspended);
    }
    match (&video.state, video.visibility, owned, admitted, full) {
        (_, Visibility::Private, false, _, _) => hidden(Reason::Private),
        (State::Deleted, ..) => hidden(Reason::NotFound),
        (State::NeverPublished, _, false, _, _) => hidden(Reason::NotPublished),
        (State::NeverPublished, _, true, _, _) | (State::Unpublished, ..) => told(Reason::NotPublished),
        (State::Blocked, ..) => told(Reason::Blocked),
        (State::Published(_), _, _, false, _) => told(Reason::RegionDenied),
        (State::Published(_), _, _, true, true) => told(Reason::TooManyStreams),
        (State::Published(_), Visibility::Private, true, true, false) => Ok(HoldsFor::Viewer),
        (State::Published(_), _, _, true, false) => Ok(HoldsFor::Region),
    }
}

#[test]
fn every_row_of_the_decision_table_is_as_written() {
    let viewer = viewer();
    let mut reached = Vec::new();
    for (account, state, visibility, owned, admitted, open_streams) in rows() {
        let video = video(state, visibility, owned, admitted);
        let facts = Facts { viewer: &viewer, account, video: Some(&video), open_streams };
        let decided = decide(&facts);
        assert_eq!(
            decided.map(|allowance| allowance.holds_for),
            expected(account, &video, owned, admitted, open_streams >= 3),
            "{account:?}, {video:?}, {open_streams} open",
        );
        match decided {
            Ok(allowance) => assert_eq!((*allowance.media, allowance.limits.streams), (MEDIA, 3)),
            Err(denial) => reached.push(denial.reason),
        }
    }
    assert!(Reason::ALL.iter().all(|reason| reached.contains(reason)), "{reached:?}");
}

type Row = (AccountState, State<&'static str>, Visibility, bool, bool, u32);

fn rows() -> impl Iterator<Item = Row> {
    ACCOUNTS.into_iter().flat_map(|account| {
        STATES.into_iter().flat_map(move |state| {
            VISIBILITIES.into_iter().flat_map(move |visibility| {
                let state = state.clone();
                BOTH.into_iter().flat_map(move |owned| {
                    let state = state.clone();
                    BOTH.into_iter().flat_map(move |admitted| {
                        let state = state.clone();
                        [0, 2, 3, 4].map(|open| (account, state.clone(), visibility, owned, admitted, open))
                    })
                })
            })
        })
    })
}

#[test]
fn what_does_not_exist_is_not_found() {
    let viewer = viewer();
    let of = |account| Facts::<()> { viewer: &viewer, account, video: None, open_streams: 0 };
    let decided = |account| decide(&of(account)).map(|allowance| allowance.holds_for);
    assert_eq!(decided(AccountState::Active), hidden(Reason::NotFound));
    assert_eq!(decided(AccountState::Suspended), told(Reason::AccountSuspended), "whether it exists or not");
}

#[test]
fn a_denied_region_wins_over_an_allowed_one() {
    let regions = |allow: &[&str], deny: &[&str]| Regions {
        allow: allow.iter().map(|name| region(name)).collect(),
        deny: deny.iter().map(|name| region(name)).collect(),
    };
    let eu = region("eu");
    assert!(regions(&[], &[]).admit(&eu));
    assert!(regions(&["us", "eu"], &["ap"]).admit(&eu));
    assert!(!regions(&["us"], &[]).admit(&eu));
    assert!(!regions(&["eu"], &["eu"]).admit(&eu));
}

#[derive(Clone, Debug)]
struct Case {
    viewer: Viewer,
    account: AccountState,
    video: Video<&'static str>,
    open_streams: u32,
}

impl Case {
    fn facts(&self) -> Facts<'_, &'static str> {
        let Case { viewer, account, video, open_streams } = self;
        Facts { viewer, account: *account, video: Some(video), open_streams: *open_streams }
    }

    fn allowed(&self) -> bool {
        decide(&self.facts()).is_ok()
    }
}

fn regions() -> impl Strategy<Value = Vec<Region>> {
    prop::collection::vec(prop::sample::select(vec!["eu", "us", "ap"]).prop_map(region), 0..3)
}

fn cases() -> impl Strategy<Value = Case> {
    let viewer = (1..4_u128, prop::sample::select(vec!["eu", "us", "ap"]), 0..5_u32).prop_map(
        |(number, name, stream_limit)| Viewer { user: user(number), region: region(name), stream_limit },
    );
    // Published more often than not, or few cases would reach the later rules.
    let state = prop_oneof![4 => Just(State::Published(MEDIA)), 1 => prop::sample::select(STATES.to_vec())];
    let video = (1..4_u128, state, prop::sample::select(VISIBILITIES.to_vec()), regions(), regions())
        .prop_map(|(owner, state, visibility, allow, deny)| Video {
            owner: user(owner),
            state,
            visibility,
            regions: Regions { allow, deny },
        });
    let account = prop_oneof![4 => Just(AccountState::Active), 1 => prop::sample::select(ACCOUNTS.to_vec())];
    (viewer, account, video, 0..5_u32).prop_map(|(viewer, account, video, open_streams)| Case {
        viewer,
        account,
        video,
        open_streams,
    })
}

/// Everything that gives a viewer more than before.
fn with_one_more_right(case: &Case) -> Vec<Case> {
    let changed = |change: &dyn Fn(&mut Case)| {
        let mut case = case.clone();
        change(&mut case);
        case
    };
    vec![
        changed(&|case| case.account = AccountState::Active),
        changed(&|case| case.viewer.stream_limit += 1),
        changed(&|case| case.open_streams = case.open_streams.saturating_sub(1)),
        changed(&|case| case.video.owner = case.viewer.user),
        changed(&|case| case.video.visibility = Visibility::Unlisted),
        changed(&|case| case.video.visibility = Visibility::Public),
        changed(&|case| case.video.state = State::Published(MEDIA)),
        changed(&|case| case.video.regions.deny.retain(|denied| *denied != case.viewer.region)),
        changed(&|case| case.video.regions.allow.clear()),
        changed(&|case| {
            if !case.video.regions.allow.is_empty() {
                case.video.regions.allow.push(case.viewer.region.clone());
            }
        }),
    ]
}

/// Everything that takes something from a viewer.
fn with_one_right_less(case: &Case) -> Vec<Case> {
    let changed = |change: &dyn Fn(&mut Case)| {
        let mut case = case.clone();
        change(&mut case);
        case
    };
    let mut less = vec![
        changed(&|case| case.account = AccountState::Suspended),
        changed(&|case| case.viewer.stream_limit = case.viewer.stream_limit.saturating_sub(1)),
        changed(&|case| case.open_streams += 1),
        changed(&|case| case.video.visibility = Visibility::Private),
        changed(&|case| case.video.regions.deny.push(case.viewer.region.clone())),
        changed(&|case| {
            if case.video.regions.allow.is_empty() {
                case.video.regions.allow.push(region("us"));
            }
        }),
    ];
    if case.video.visibility == Visibility::Private {
        less.push(changed(&|case| case.video.owner = user(99)));
    }
    let states = [State::NeverPublished, State::Unpublished, State::Blocked, State::Deleted];
    less.extend(states.map(|state| changed(&|case| case.video.state = state.clone())));
    less
}

proptest! {
    #[test]
    fn one_more_right_never_denies(case in cases()) {
        for more in with_one_more_right(&case) {
            prop_assert!(!case.allowed() || more.allowed(), "{case:?} was allowed, {more:?} is not");
        }
    }

    #[test]
    fn one_right_less_never_allows(case in cases()) {
        for less in with_one_right_less(&case) {
            prop_assert!(case.allowed() || !less.allowed(), "{case:?} was denied, {less:?} is not");
        }
    }

    #[test]
    fn only_what_is_published_and_admitted_is_ever_allowed(case in cases()) {
        if case.allowed() {
            prop_assert!(case.account != AccountState::Suspended);
            prop_assert!(matches!(case.video.state, State::Published(_)));
            prop_assert!(case.video.regions.admit(&case.viewer.region));
            prop_assert!(case.open_streams < case.viewer.stream_limit);
            prop_assert!(case.video.visibility != Visibility::Private || case.video.owner == case.viewer.user);
        }
    }

    /// What lets one decision be kept for others: it depends on nothing of the viewer but what it names.
    #[test]
    fn a_decision_holds_for_whom_it_says(case in cases(), other in 1..4_u128) {
        if let Ok(allowance) = decide(&case.facts()) {
            let mut same = case.clone();
            if allowance.holds_for == HoldsFor::Region {
                same.viewer.user = user(other);
            }
            prop_assert!(same.allowed());
        }
    }
}
