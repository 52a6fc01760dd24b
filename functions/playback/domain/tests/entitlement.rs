//! The decision, exhaustively, and what must hold whatever the facts are.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests may fail as tests do")]

use jiff::{SignedDuration, Timestamp};
use mcsp_ids::UserId;
use playback_domain::{
    AccountState, Decision, Denial, Devices, Embedder, Embedding, Entitlements, Facts, HoldsFor, Origin,
    Reason, Region, Regions, Standing, State, Subscription, Video, Viewer, Visibility, decide, merged,
};
use proptest::prelude::*;
use std::sync::LazyLock;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);
const MEDIA: &str = "media";
const LATER: Timestamp = Timestamp::constant(1_800_000_060, 0);
const STATES: [State<&str>; 6] = [
    State::NeverPublished,
    State::Scheduled(LATER),
    State::Published(MEDIA),
    State::Unpublished,
    State::Blocked,
    State::Deleted,
];
const LEVEL: u32 = 2;
const PASSWORDS: u64 = 7;
const VISIBILITIES: [Visibility; 5] = [
    Visibility::Public,
    Visibility::Unlisted,
    Visibility::Private,
    Visibility::Subscribers(LEVEL),
    Visibility::Password(PASSWORDS),
];
const BOTH: [bool; 2] = [false, true];
const AGE: u8 = 16;
const AGES: [Option<u8>; 4] = [None, Some(12), Some(AGE), Some(18)];
const ACCOUNTS: [AccountState; 4] =
    [AccountState::Active, AccountState::Suspended, AccountState::Closed, AccountState::Erased];
/// How many streams, and how many devices, there are without a plan, and how many with one.
const LIMITS: (u32, u32) = (3, 5);
/// One of the account's, and others where it has none, as many as there are without a plan, and with one.
const DEVICES: [Devices; 4] = [
    Devices { is_known: true, count: 5 },
    Devices { is_known: false, count: 0 },
    Devices { is_known: false, count: 3 },
    Devices { is_known: false, count: 5 },
];

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

fn page(text: &str) -> Embedder {
    Embedder::parse(text).unwrap()
}

/// Which pages may embed a video, and which do: none, one that is listed, one that is not, and one that is not told. Each with
/// whether it may.
static EMBEDDED: LazyLock<Vec<(Embedding, Option<Embedder>, bool)>> = LazyLock::new(|| {
    let listed = Embedding::listed(vec![Origin::parse("https://a.example").unwrap()]);
    let (a, b) = (page("https://a.example"), page("https://b.example"));
    vec![
        (Embedding::Anywhere, None, true),
        (Embedding::Anywhere, Some(b.clone()), true),
        (Embedding::Anywhere, Some(Embedder::Untold), true),
        (Embedding::Nowhere, None, true),
        (Embedding::Nowhere, Some(a.clone()), false),
        (Embedding::Nowhere, Some(Embedder::Untold), false),
        (listed.clone(), None, true),
        (listed.clone(), Some(a), true),
        (listed.clone(), Some(b), false),
        (listed, Some(Embedder::Untold), false),
    ]
});

fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

/// Of this plan, until so many seconds from now.
fn subscription(level: u32, until_s: Option<i64>, is_past_due: bool) -> Subscription {
    let until = until_s.map(|until_s| NOW + SignedDuration::from_secs(until_s));
    let plan = Entitlements::new(level, LIMITS.1, until).unwrap();
    let entitlements = Some(plan.with_devices(Some(LIMITS.1)).unwrap());
    Subscription { entitlements, is_past_due }
}

/// Each with what it is good for.
fn subscriptions() -> [(Option<Subscription>, Result<(), Reason>); 8] {
    let ended = Subscription { entitlements: None, is_past_due: false };
    [
        (None, Err(Reason::SubscriptionRequired)),
        (Some(ended), Err(Reason::SubscriptionRequired)),
        (Some(Subscription { is_past_due: true, ..ended }), Err(Reason::PaymentPastDue)),
        (Some(subscription(LEVEL, Some(0), false)), Err(Reason::SubscriptionRequired)),
        (Some(subscription(LEVEL, Some(0), true)), Err(Reason::PaymentPastDue)),
        (Some(subscription(LEVEL - 1, None, false)), Err(Reason::PlanTooLow)),
        (Some(subscription(LEVEL, None, true)), Ok(())),
        (Some(subscription(LEVEL + 1, Some(1), false)), Ok(())),
    ]
}

#[derive(Clone, Debug)]
struct Case {
    viewer: Viewer,
    standing: Standing,
    video: Video<&'static str>,
    open_streams: u32,
    devices: Devices,
}

impl Case {
    fn facts(&self) -> Facts<'_, &'static str> {
        let Case { viewer, standing, video, open_streams, devices } = self;
        let (standing, open_streams, devices) = (*standing, *open_streams, *devices);
        Facts { viewer, standing, video: Some(video), open_streams, devices, now: NOW }
    }

    fn allowed(&self) -> bool {
        decide(&self.facts()).is_ok()
    }

    fn owns(&self) -> bool {
        self.video.owner == self.viewer.user
    }

    fn works_on_it(&self) -> bool {
        self.video.collaborators.contains(&self.viewer.user)
    }
}

fn told(reason: Reason) -> Result<HoldsFor, Denial> {
    Err(Denial::told(reason))
}

fn hidden(reason: Reason) -> Result<HoldsFor, Denial> {
    Err(Denial::hidden(reason))
}

/// The table, written another way round than the function: one line for each kind of answer.
fn expected(case: &Case, plan: Result<(), Reason>) -> Result<HoldsFor, Denial> {
    if case.standing.state == AccountState::Suspended {
        return told(Reason::AccountSuspended);
    }
    let has_streams =
        case.standing.subscription.is_some_and(|subscription| subscription.entitles(NOW).is_some());
    let limit = if has_streams { LIMITS.1 } else { LIMITS.0 };
    let full = case.open_streams >= limit;
    let crowded = !case.devices.is_known && case.devices.count >= limit;
    let admitted = case.video.regions.deny.is_empty();
    let knows_the_password = case.viewer.unlocked == Some(PASSWORDS);
    let is_old_enough = case.viewer.age_reached >= case.video.minimum_age;
    let may_embed = EMBEDDED.iter().any(|(embedding, embedder, may)| {
        *may && *embedding == case.video.embedding && *embedder == case.viewer.embedder
    });
    match (&case.video.state, case.video.visibility, case.owns(), admitted, plan, full) {
        (_, Visibility::Private, false, _, _, _) if !case.works_on_it() => hidden(Reason::Private),
        (State::Deleted, ..) => hidden(Reason::NotFound),
        (State::NeverPublished, _, false, _, _, _) => hidden(Reason::NotPublished),
        (State::NeverPublished, _, true, _, _, _) | (State::Unpublished, ..) => told(Reason::NotPublished),
        (State::Scheduled(starts_at), ..) => {
            Err(Denial { starts_at: Some(*starts_at), ..Denial::told(Reason::Scheduled) })
        }
        (State::Blocked, ..) => told(Reason::Blocked),
        (State::Published(_), _, _, false, _, _) => told(Reason::RegionDenied),
        (State::Published(_), _, _, true, _, _) if !may_embed => told(Reason::EmbeddingDenied),
        (State::Published(_), _, false, true, _, _) if !is_old_enough => told(Reason::AgeRestricted),
        (State::Published(_), Visibility::Password(_), false, true, _, _)
            if !knows_the_password && !case.works_on_it() =>
        {
            told(Reason::PasswordRequired)
        }
        (State::Published(_), Visibility::Subscribers(_), false, true, Err(reason), _) => told(reason),
        (State::Published(_), _, _, true, _, true) => told(Reason::TooManyStreams),
        (State::Published(_), _, _, true, _, false) if crowded => told(Reason::TooManyDevices),
        (State::Published(_), Visibility::Subscribers(_), false, true, Ok(()), false) => {
            Ok(HoldsFor::Subscribers)
        }
        (State::Published(_), Visibility::Password(_), false, true, _, false) if !case.works_on_it() => {
            Ok(HoldsFor::Unlocked)
        }
        (State::Published(_), _, true, true, _, false)
        | (State::Published(_), Visibility::Private | Visibility::Password(_), false, true, _, false) => {
            Ok(HoldsFor::Viewer)
        }
        (State::Published(_), Visibility::Public | Visibility::Unlisted, false, true, _, false) => {
            Ok(HoldsFor::Region)
        }
    }
}

fn viewer() -> Viewer {
    Viewer {
        user: user(1),
        region: region("eu"),
        age_reached: None,
        unlocked: None,
        stream_limit: LIMITS.0,
        device_limit: LIMITS.0,
        embedder: None,
    }
}

/// Every combination of what the decision depends on, with what the plan is good for.
fn for_each_row(mut check: impl FnMut(Case, Result<(), Reason>)) {
    for state in ACCOUNTS {
        for (subscription, plan) in subscriptions() {
            for (video, (age_reached, unlocked)) in videos()
                .into_iter()
                .flat_map(|video| viewers(&video).map(move |viewer| (video.clone(), viewer)))
            {
                for (open_streams, devices) in
                    [0, 2, 3, 4, 5].into_iter().flat_map(|open| DEVICES.map(|of| (open, of)))
                {
                    // All pages with all that is decided on before; with streams and devices, one that may and one that may not.
                    let is_free = open_streams == 0 && devices.is_known;
                    let pages = if is_free { &EMBEDDED[..] } else { &EMBEDDED[3..5] };
                    for (embedding, embedder, _) in pages.iter().cloned() {
                        let viewer = Viewer { age_reached, unlocked, embedder, ..viewer() };
                        let video = Video { embedding, ..video.clone() };
                        let standing = Standing { state, subscription };
                        check(Case { viewer, standing, video, open_streams, devices }, plan);
                    }
                }
            }
        }
    }
}

/// Ages, and passwords where the video asks for one: none, the present ones, earlier ones.
fn viewers(video: &Video<&'static str>) -> impl Iterator<Item = (Option<u8>, Option<u64>)> + use<> {
    let asks = matches!(video.visibility, Visibility::Password(_));
    let unlocked = if asks { vec![None, Some(PASSWORDS), Some(PASSWORDS - 1)] } else { vec![None] };
    AGES.into_iter().flat_map(move |age| unlocked.clone().into_iter().map(move |unlocked| (age, unlocked)))
}

fn videos() -> Vec<Video<&'static str>> {
    let mut videos = Vec::new();
    for state in STATES {
        for visibility in VISIBILITIES {
            for (owner, collaborators) in
                [(user(1), Vec::new()), (user(2), Vec::new()), (user(2), vec![user(3), user(1)])]
            {
                for (admitted, minimum_age) in
                    BOTH.into_iter().flat_map(|one| [(one, None), (one, Some(AGE))])
                {
                    let deny = if admitted { Vec::new() } else { vec![region("eu")] };
                    let (collaborators, state) = (collaborators.clone(), state.clone());
                    let regions = Regions { allow: Vec::new(), deny };
                    let embedding = Embedding::Anywhere;
                    videos.push(Video {
                        owner,
                        state,
                        visibility,
                        regions,
                        minimum_age,
                        collaborators,
                        embedding,
                    });
                }
            }
        }
    }
    videos
}

#[test]
fn every_row_of_the_decision_table_is_as_written() {
    let mut reached = vec![Reason::NotFound];
    for_each_row(|case, plan| {
        let decided = decide(&case.facts());
        assert_eq!(decided.map(|allowance| allowance.holds_for), expected(&case, plan), "{case:?}");
        match decided {
            Ok(allowance) => {
                assert_eq!(*allowance.media, MEDIA);
                assert!(case.open_streams < allowance.limits.streams);
                assert!(case.devices.is_known || case.devices.count < allowance.limits.devices);
            }
            Err(denial) => {
                if !reached.contains(&denial.reason) {
                    reached.push(denial.reason);
                }
            }
        }
    });
    assert!(Reason::ALL.iter().all(|reason| reached.contains(reason)), "a reason is never given");
}

#[test]
fn what_does_not_exist_is_not_found() {
    let viewer = viewer();
    let decided = |state| {
        let standing = Standing { state, subscription: None };
        let (video, devices) = (None, Devices::COUNTED);
        let facts = Facts::<()> { viewer: &viewer, standing, video, open_streams: 0, devices, now: NOW };
        decide(&facts).map(|allowance| allowance.holds_for)
    };
    assert_eq!(decided(AccountState::Active), hidden(Reason::NotFound));
    assert_eq!(decided(AccountState::Suspended), told(Reason::AccountSuspended), "whether it exists or not");
}

fn regions() -> impl Strategy<Value = Vec<Region>> {
    prop::collection::vec(prop::sample::select(vec!["eu", "us", "ap"]).prop_map(region), 0..3)
}

fn cases() -> impl Strategy<Value = Case> {
    let ages = || prop::sample::select(AGES.to_vec());
    let unlocked = prop::sample::select(vec![None, Some(PASSWORDS), Some(PASSWORDS - 1)]);
    let regions_of = prop::sample::select(vec!["eu", "us", "ap"]);
    let embedder = prop::sample::select(EMBEDDED.clone()).prop_map(|(_, embedder, _)| embedder);
    let viewer = (1..4_u128, regions_of, (ages(), unlocked, embedder), 0..5_u32, 0..5_u32).prop_map(
        |(number, name, (age_reached, unlocked, embedder), stream_limit, device_limit)| Viewer {
            user: user(number),
            region: region(name),
            age_reached,
            unlocked,
            stream_limit,
            device_limit,
            embedder,
        },
    );
    let devices = prop::sample::select(DEVICES.to_vec());
    // Published more often than not, or few cases would reach the later rules.
    let state = prop_oneof![4 => Just(State::Published(MEDIA)), 1 => prop::sample::select(STATES.to_vec())];
    let visibility = prop::sample::select(VISIBILITIES.to_vec());
    let collaborators = prop::collection::vec((1..4_u128).prop_map(user), 0..2);
    let embedding = prop::sample::select(EMBEDDED.clone()).prop_map(|(embedding, ..)| embedding);
    let also = (ages(), collaborators, embedding);
    let video = (1..4_u128, state, visibility, regions(), regions(), also).prop_map(
        |(owner, state, visibility, allow, deny, (minimum_age, collaborators, embedding))| Video {
            owner: user(owner),
            state,
            visibility,
            regions: Regions { allow, deny },
            minimum_age,
            collaborators,
            embedding,
        },
    );
    let account = prop_oneof![4 => Just(AccountState::Active), 1 => prop::sample::select(ACCOUNTS.to_vec())];
    let subscription = prop::sample::select(subscriptions().map(|(subscription, _)| subscription).to_vec());
    (viewer, account, subscription, video, 0..7_u32, devices).prop_map(
        |(viewer, state, subscription, video, open_streams, devices)| Case {
            viewer,
            standing: Standing { state, subscription },
            video,
            open_streams,
            devices,
        },
    )
}

fn changed(case: &Case, change: impl Fn(&mut Case)) -> Case {
    let mut case = case.clone();
    change(&mut case);
    case
}

/// The same, with what Admin has decided on the video and on the account.
fn decided_on(case: &Case, of_video: Option<Decision>, of_account: Option<Decision>) -> Case {
    changed(case, |case| {
        case.video.state = merged((1, case.video.state.clone()), of_video).1;
        case.standing.state = merged((1, case.standing.state), of_account).1;
    })
}

fn decisions() -> impl Strategy<Value = Option<Decision>> {
    prop::option::of((1..9_u64, any::<bool>()).prop_map(|(version, denies)| Decision { version, denies }))
}

/// Everything that gives a viewer more than before.
fn with_one_more_right(case: &Case) -> Vec<Case> {
    vec![
        changed(case, |case| case.standing.state = AccountState::Active),
        changed(case, |case| case.standing.subscription = Some(subscription(LEVEL, None, false))),
        changed(case, |case| case.standing.subscription = Some(subscription(LEVEL + 1, Some(1), true))),
        changed(case, |case| case.viewer.stream_limit += 1),
        changed(case, |case| case.viewer.device_limit += 1),
        changed(case, |case| case.devices.is_known = true),
        changed(case, |case| case.devices.count = case.devices.count.saturating_sub(1)),
        changed(case, |case| case.viewer.age_reached = Some(18)),
        changed(case, |case| case.viewer.unlocked = Some(PASSWORDS)),
        changed(case, |case| case.video.minimum_age = None),
        changed(case, |case| case.open_streams = case.open_streams.saturating_sub(1)),
        changed(case, |case| case.video.owner = case.viewer.user),
        changed(case, |case| case.video.collaborators.push(case.viewer.user)),
        changed(case, |case| case.video.visibility = Visibility::Unlisted),
        changed(case, |case| case.video.visibility = Visibility::Public),
        changed(case, |case| case.video.state = State::Published(MEDIA)),
        changed(case, |case| case.video.regions.deny.retain(|denied| *denied != case.viewer.region)),
        changed(case, |case| case.video.regions.allow.clear()),
        changed(case, |case| case.video.embedding = Embedding::Anywhere),
        changed(case, |case| case.viewer.embedder = None),
        changed(case, |case| {
            if let (Embedding::Listed(origins), Some(Embedder::Page(origin))) =
                (&mut case.video.embedding, &case.viewer.embedder)
            {
                origins.push(origin.clone());
            }
        }),
        changed(case, |case| {
            if !case.video.regions.allow.is_empty() {
                case.video.regions.allow.push(case.viewer.region.clone());
            }
        }),
        changed(case, |case| {
            if let Visibility::Subscribers(level) = &mut case.video.visibility {
                *level = 1;
            }
        }),
    ]
}

/// Everything that takes something from a viewer.
fn with_one_right_less(case: &Case) -> Vec<Case> {
    let mut less = vec![
        changed(case, |case| case.standing.state = AccountState::Suspended),
        changed(case, |case| case.standing.subscription = None),
        changed(case, |case| {
            if let Some(subscription) = &mut case.standing.subscription {
                subscription.entitlements = None;
            }
        }),
        changed(case, |case| case.viewer.stream_limit = case.viewer.stream_limit.saturating_sub(1)),
        changed(case, |case| case.open_streams += 1),
        changed(case, |case| case.viewer.device_limit = case.viewer.device_limit.saturating_sub(1)),
        changed(case, |case| case.devices.is_known = false),
        changed(case, |case| case.devices.count += 1),
        changed(case, |case| case.viewer.age_reached = None),
        changed(case, |case| case.viewer.unlocked = None),
        changed(case, |case| case.video.minimum_age = case.video.minimum_age.max(Some(18))),
        changed(case, |case| case.video.collaborators.clear()),
        // Who works on it plays it then without the plan that others need.
        changed(case, |case| {
            case.video.visibility = Visibility::Private;
            case.video.collaborators.clear();
        }),
        changed(case, |case| case.video.embedding = Embedding::Nowhere),
        changed(case, |case| case.viewer.embedder = case.viewer.embedder.as_ref().map(|_| Embedder::Untold)),
        changed(case, |case| case.video.regions.deny.push(case.viewer.region.clone())),
        changed(case, |case| {
            if case.video.regions.allow.is_empty() {
                case.video.regions.allow.push(region("us"));
            }
        }),
        changed(case, |case| match &mut case.video.visibility {
            Visibility::Subscribers(level) => *level += 1,
            Visibility::Password(version) => *version += 1,
            Visibility::Private => case.video.owner = user(99),
            visibility @ (Visibility::Public | Visibility::Unlisted) => {
                *visibility = Visibility::Subscribers(LEVEL);
            }
        }),
    ];
    let states =
        [State::NeverPublished, State::Scheduled(LATER), State::Unpublished, State::Blocked, State::Deleted];
    less.extend(states.map(|state| changed(case, |case| case.video.state = state.clone())));
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
    fn a_decision_never_allows_what_its_owner_does_not(
        case in cases(),
        of_video in decisions(),
        of_account in decisions(),
    ) {
        let is_denied = |decision: Option<Decision>| decision.is_some_and(|decision| decision.denies);
        let allowed = decided_on(&case, of_video, of_account).allowed();
        let is_gone = case.standing.state == AccountState::Erased;
        let denies = is_denied(of_video) || (is_denied(of_account) && !is_gone);
        prop_assert_eq!(allowed, case.allowed() && !denies, "{:?} {:?}", of_video, of_account);
    }

    #[test]
    fn only_what_is_published_and_admitted_is_ever_allowed(case in cases()) {
        if case.allowed() {
            prop_assert!(case.standing.state != AccountState::Suspended);
            prop_assert!(matches!(case.video.state, State::Published(_)));
            prop_assert!(case.video.regions.admit(&case.viewer.region));
            let embedder = case.viewer.embedder.as_ref();
            prop_assert!(embedder.is_none_or(|embedder| case.video.embedding.admits(embedder)));
            prop_assert!(case.owns() || case.viewer.age_reached >= case.video.minimum_age);
            prop_assert!(case.open_streams < case.standing.stream_limit(case.viewer.stream_limit, NOW));
            let limit = case.standing.device_limit(case.viewer.device_limit, NOW);
            prop_assert!(case.devices.is_known || case.devices.count < limit);
            let is_let_in = case.owns() || case.works_on_it();
            prop_assert!(case.video.visibility != Visibility::Private || is_let_in);
            if let (Visibility::Password(version), false) = (case.video.visibility, is_let_in) {
                prop_assert_eq!(case.viewer.unlocked, Some(version));
            }
            if let (Visibility::Subscribers(level), false) = (case.video.visibility, case.owns()) {
                let subscription = case.standing.subscription.unwrap();
                prop_assert!(subscription.entitles(NOW).is_some_and(|plan| plan.level() >= level));
            }
        }
    }

    /// What lets one decision be kept for others: it depends on nothing of the viewer but what it names.
    #[test]
    fn a_decision_holds_for_whom_it_says(case in cases(), other in 1..4_u128, stranger in cases()) {
        if let Ok(allowance) = decide(&case.facts()) {
            let mut same = case.clone();
            match allowance.holds_for {
                HoldsFor::Region | HoldsFor::Unlocked => {
                    same.viewer.user = user(other);
                    same.standing.subscription = stranger.standing.subscription;
                    same.open_streams = 0;
                    same.devices = Devices::COUNTED;
                    same.viewer.stream_limit = 1;
                }
                HoldsFor::Subscribers => same.viewer.user = user(other),
                HoldsFor::Viewer => {}
            }
            prop_assert!(same.allowed());
        }
    }
}
