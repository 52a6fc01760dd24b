//! The decision: may this viewer play this video, here and now?

use crate::{AccountState, Region, State, Video, Visibility};
use mcsp_ids::UserId;

/// Who wants to play, with what the account is entitled to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The account.
    pub user: UserId,
    /// Where it is.
    pub region: Region,
    /// How many streams it may have open.
    pub stream_limit: u32,
}

/// All that the decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a, M> {
    /// Who.
    pub viewer: &'a Viewer,
    /// Where the viewer's account is on its way: active, where nothing else is known of it.
    pub account: AccountState,
    /// What; none where there is no such video.
    pub video: Option<&'a Video<M>>,
    /// How many other streams the account has open.
    pub open_streams: u32,
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
}

/// For whom a decision about a version of a video holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldsFor {
    /// For every viewer in the same region.
    Region,
    /// For this viewer, in this region.
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
    /// Moderation blocked it.
    Blocked,
    /// It is visible to its owner only.
    Private,
    /// It may not be played where the viewer is.
    RegionDenied,
    /// The account has as many streams open as it may.
    TooManyStreams,
}

impl Reason {
    /// Every one, in the order in which they are looked for.
    pub const ALL: &'static [Reason] = &[
        Reason::AccountSuspended,
        Reason::NotFound,
        Reason::Private,
        Reason::NotPublished,
        Reason::Blocked,
        Reason::RegionDenied,
        Reason::TooManyStreams,
    ];

    /// The stable machine code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::AccountSuspended => "account_suspended",
            Reason::NotFound => "not_found",
            Reason::NotPublished => "not_published",
            Reason::Blocked => "blocked",
            Reason::Private => "private",
            Reason::RegionDenied => "region_denied",
            Reason::TooManyStreams => "too_many_streams",
        }
    }
}

/// Decides. A suspended account learns of no video. Then come reasons that hide the video, then those that the viewer
/// cannot change, and last the one that the viewer can.
pub fn decide<'a, M>(facts: &Facts<'a, M>) -> Result<Allowance<'a, M>, Denial> {
    let Facts { viewer, account, video, open_streams } = *facts;
    match account {
        AccountState::Suspended => return Err(told(Reason::AccountSuspended)),
        // Who closed it has given up its tokens, and who has one still may use it until it runs out.
        AccountState::Active | AccountState::Closed | AccountState::Erased => {}
    }
    let Some(video) = video else { return Err(hidden(Reason::NotFound)) };
    let owns = viewer.user == video.owner;
    let holds_for = match video.visibility {
        Visibility::Public | Visibility::Unlisted => HoldsFor::Region,
        Visibility::Private if owns => HoldsFor::Viewer,
        Visibility::Private => return Err(hidden(Reason::Private)),
    };
    let media = match &video.state {
        State::Published(media) => media,
        State::Deleted => return Err(hidden(Reason::NotFound)),
        State::NeverPublished => return Err(Denial { reason: Reason::NotPublished, hidden: !owns }),
        State::Unpublished => return Err(told(Reason::NotPublished)),
        State::Blocked => return Err(told(Reason::Blocked)),
    };
    if !video.regions.admit(&viewer.region) {
        return Err(told(Reason::RegionDenied));
    }
    if open_streams >= viewer.stream_limit {
        return Err(told(Reason::TooManyStreams));
    }
    Ok(Allowance { media, limits: Limits { streams: viewer.stream_limit }, holds_for })
}

fn told(reason: Reason) -> Denial {
    Denial { reason, hidden: false }
}

fn hidden(reason: Reason) -> Denial {
    Denial { reason, hidden: true }
}
