//! The decision: may this viewer play this video, here and now?

use crate::{AccountState, Devices, Embedder, Region, Standing, State, Video, Visibility};
use jiff::Timestamp;
use mcsp_ids::UserId;

/// Who wants to play, as the access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The account.
    pub user: UserId,
    /// Where it is.
    pub region: Region,
    /// The highest age that its owner has reached, as far as that is told.
    pub age_reached: Option<u8>,
    /// Which passwords of the video it has given one of.
    pub unlocked: Option<u64>,
    /// How many streams an account may have open without a plan.
    pub stream_limit: u32,
    /// How many devices an account may have without a plan.
    pub device_limit: u32,
    /// The page of somebody else that it is to be played in; none where the platform's own pages play it, or none does.
    pub embedder: Option<Embedder>,
}

/// All that the decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a, M> {
    /// Who.
    pub viewer: &'a Viewer,
    /// What is known of the account.
    pub standing: Standing,
    /// What; none where there is no such video.
    pub video: Option<&'a Video<M>>,
    /// How many other streams the account has open.
    pub open_streams: u32,
    /// Its devices.
    pub devices: Devices,
    /// When.
    pub now: Timestamp,
}

/// Yes, with what it is bounded by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance<'a, M> {
    /// What may be played.
    pub media: &'a M,
    /// The bounds.
    pub limits: Limits,
    /// For whom else the same decision holds, their open streams aside.
    pub holds_for: HoldsFor,
}

/// What an allowance is bounded by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Streams that the account may have open, this one among them.
    pub streams: u32,
    /// Devices that the account may have, this one among them.
    pub devices: u32,
}

/// For whom a decision about a version of a video holds. Each holds apart for those whom somebody else's page embeds it for: whether
/// that page may, each must be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldsFor {
    /// For every viewer in the same region who is told to be as old.
    Region,
    /// For every such viewer whose subscription is known: whether its plan will do, each must be asked.
    Subscribers,
    /// For every such viewer who has given a password of the same ones.
    Unlocked,
    /// For this viewer, in this region and as old.
    Viewer,
}

/// No, with the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("denied: {}", reason.as_str())]
pub struct Denial {
    /// Why.
    pub reason: Reason,
    /// Whether the viewer may not even learn that there is such a video.
    pub hidden: bool,
    /// From when on the video is there to be played, where that is known.
    pub starts_at: Option<Timestamp>,
}

impl Denial {
    /// One that the viewer is told.
    pub const fn told(reason: Reason) -> Self {
        Denial { reason, hidden: false, starts_at: None }
    }

    /// One that does not tell that there is such a video.
    pub const fn hidden(reason: Reason) -> Self {
        Denial { reason, hidden: true, starts_at: None }
    }
}

/// Why a video is not played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The account was taken away from its owner for a while.
    AccountSuspended,
    /// There is no such video.
    NotFound,
    /// It is not published yet, or not any more.
    NotPublished,
    /// It is not published yet, and will be.
    Scheduled,
    /// Moderation blocked it.
    Blocked,
    /// It is visible to its owner, and to who works on it.
    Private,
    /// It may not be played where the viewer is.
    RegionDenied,
    /// The viewer is too young, or has not said how old it is.
    AgeRestricted,
    /// It asks for a password.
    PasswordRequired,
    /// It is for subscribers.
    SubscriptionRequired,
    /// It is for subscribers of a higher plan.
    PlanTooLow,
    /// It is for subscribers, and the account's subscription is not paid for.
    PaymentPastDue,
    /// The account has as many streams open as it may.
    TooManyStreams,
    /// The account has as many devices as it may, and this is another.
    TooManyDevices,
    /// The page that embeds it may not.
    EmbeddingDenied,
}

impl Reason {
    /// Every one, in the order in which they are looked for.
    pub const ALL: &'static [Reason] = &[
        Reason::AccountSuspended,
        Reason::NotFound,
        Reason::Private,
        Reason::NotPublished,
        Reason::Scheduled,
        Reason::Blocked,
        Reason::RegionDenied,
        Reason::EmbeddingDenied,
        Reason::AgeRestricted,
        Reason::PasswordRequired,
        Reason::SubscriptionRequired,
        Reason::PlanTooLow,
        Reason::PaymentPastDue,
        Reason::TooManyStreams,
        Reason::TooManyDevices,
    ];

    /// The stable machine code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::AccountSuspended => "account_suspended",
            Reason::NotFound => "not_found",
            Reason::NotPublished => "not_published",
            Reason::Scheduled => "scheduled",
            Reason::Blocked => "blocked",
            Reason::Private => "private",
            Reason::RegionDenied => "region_denied",
            Reason::AgeRestricted => "age_restricted",
            Reason::PasswordRequired => "password_required",
            Reason::SubscriptionRequired => "subscription_required",
            Reason::PlanTooLow => "plan_too_low",
            Reason::PaymentPastDue => "payment_past_due",
            Reason::TooManyStreams => "too_many_streams",
            Reason::TooManyDevices => "too_many_devices",
            Reason::EmbeddingDenied => "embedding_denied",
        }
    }
}

/// Decides. A suspended account learns of no video. Then come reasons that hide the video, then those that the viewer
/// cannot change, and last those that the viewer can.
pub fn decide<'a, M>(facts: &Facts<'a, M>) -> Result<Allowance<'a, M>, Denial> {
    let Facts { viewer, standing, video, open_streams, devices, now } = *facts;
    match standing.state {
        AccountState::Suspended => return Err(Denial::told(Reason::AccountSuspended)),
        // Who closed it has given up its tokens, and who has one still may use it until it runs out.
        AccountState::Active | AccountState::Closed | AccountState::Erased => {}
    }
    let Some(video) = video else { return Err(Denial::hidden(Reason::NotFound)) };
    let owns = viewer.user == video.owner;
    let works_on_it = video.collaborators.contains(&viewer.user);
    let holds_for = match video.visibility {
        // What is asked of others, its owner need not have.
        _ if owns => HoldsFor::Viewer,
        Visibility::Public | Visibility::Unlisted => HoldsFor::Region,
        // Who works on it has to see it; what else it asks for, it asks of them, too.
        Visibility::Private | Visibility::Password(_) if works_on_it => HoldsFor::Viewer,
        Visibility::Private => return Err(Denial::hidden(Reason::Private)),
        Visibility::Password(_) => HoldsFor::Unlocked,
        Visibility::Subscribers(_) => HoldsFor::Subscribers,
    };
    let media = match &video.state {
        State::Published(media) => media,
        State::Deleted => return Err(Denial::hidden(Reason::NotFound)),
        State::NeverPublished => return Err(Denial { hidden: !owns, ..Denial::told(Reason::NotPublished) }),
        State::Scheduled(starts_at) => {
            return Err(Denial { starts_at: Some(*starts_at), ..Denial::told(Reason::Scheduled) });
        }
        State::Unpublished => return Err(Denial::told(Reason::NotPublished)),
        State::Blocked => return Err(Denial::told(Reason::Blocked)),
    };
    if !video.regions.admit(&viewer.region) {
        return Err(Denial::told(Reason::RegionDenied));
    }
    if viewer.embedder.as_ref().is_some_and(|embedder| !video.embedding.admits(embedder)) {
        return Err(Denial::told(Reason::EmbeddingDenied));
    }
    let is_too_young = |age| viewer.age_reached.is_none_or(|reached| reached < age);
    if video.minimum_age.is_some_and(is_too_young) && !owns {
        return Err(Denial::told(Reason::AgeRestricted));
    }
    if let Visibility::Password(version) = video.visibility
        && viewer.unlocked != Some(version)
        && !owns
        && !works_on_it
    {
        return Err(Denial::told(Reason::PasswordRequired));
    }
    if let Some(level) = video.asks_for_plan(viewer.user) {
        has_plan(&standing, level, now).map_err(Denial::told)?;
    }
    let streams = standing.stream_limit(viewer.stream_limit, now);
    if open_streams >= streams {
        return Err(Denial::told(Reason::TooManyStreams));
    }
    let limits = Limits { streams, devices: standing.device_limit(viewer.device_limit, now) };
    if !devices.is_known && devices.count >= limits.devices {
        return Err(Denial::told(Reason::TooManyDevices));
    }
    Ok(Allowance { media, limits, holds_for })
}

fn has_plan(standing: &Standing, level: u32, now: Timestamp) -> Result<(), Reason> {
    let subscription = standing.subscription.as_ref().ok_or(Reason::SubscriptionRequired)?;
    match subscription.entitles(now) {
        Some(entitlements) if entitlements.level() >= level => Ok(()),
        Some(_) => Err(Reason::PlanTooLow),
        None if subscription.is_past_due => Err(Reason::PaymentPastDue),
        None => Err(Reason::SubscriptionRequired),
    }
}
