//! A session that is open, with all that the answer needs.

use crate::served::Served;
use jiff::Timestamp;
use mcsp_ids::PlaybackSessionId;
use playback_domain::{
    Denial, Devices, Facts, HoldsFor, Position, Reason, Standing, Streams, Viewer, decide,
};
use playback_storage::AccountFacts;
use playback_storage::memory::DevicesTold;
use playback_storage::videos::{Media, Version};

/// A session that is open.
#[derive(Debug)]
pub(crate) struct Session {
    pub id: PlaybackSessionId,
    pub version: Version,
    /// When its manifest URL expires, in Unix seconds.
    pub expires_at_s: u64,
    /// Streams that the account had open besides.
    pub others_open: u32,
    /// Whether it was opened before, under the same Idempotency-Key.
    pub again: bool,
    /// What was known of the account when it was decided.
    pub standing: Standing,
    /// Where the viewer stopped.
    pub position: Option<Position>,
    /// What it was decided on.
    pub served: Served,
    /// What Redis told of the account, to be remembered.
    pub told: Option<Told>,
}

/// What Redis told of an account beside what was asked for.
#[derive(Debug)]
pub(crate) struct Told {
    pub facts: AccountFacts,
    pub streams: Streams,
    pub devices: Option<DevicesTold>,
    /// Whether the session's position is known, or only could not be found out.
    pub position_is_known: bool,
    /// Whether a store has the video, or none could confirm it.
    pub video_is_confirmed: bool,
}

/// What may be played, whatever a store keeps of earlier decisions, on a device that was counted.
pub(crate) fn allowed<'a>(
    viewer: &'a Viewer,
    standing: Standing,
    version: &'a Version,
    open_streams: u32,
    now: Timestamp,
) -> Result<&'a Media, Denial> {
    allowed_among(viewer, standing, version, (open_streams, Devices::COUNTED), now)
}

/// The same on a device that finds these streams and devices.
pub(crate) fn allowed_among<'a>(
    viewer: &'a Viewer,
    standing: Standing,
    version: &'a Version,
    (open_streams, devices): (u32, Devices),
    now: Timestamp,
) -> Result<&'a Media, Denial> {
    let facts = Facts { viewer, standing, video: Some(&version.video), open_streams, devices, now };
    decide(&facts).map(|allowance| allowance.media)
}

/// For whom a yes holds, streams and devices aside.
pub(crate) fn allowed_for(
    viewer: &Viewer,
    standing: Standing,
    version: &Version,
    now: Timestamp,
) -> Result<HoldsFor, Denial> {
    let (video, devices) = (Some(&version.video), Devices::COUNTED);
    let facts = Facts { viewer, standing, video, open_streams: 0, devices, now };
    decide(&facts).map(|allowance| allowance.holds_for)
}

/// Why a video that nobody has is not played.
pub(crate) fn missing(viewer: &Viewer, standing: Standing, now: Timestamp) -> Denial {
    let (video, devices) = (None, Devices::COUNTED);
    let facts = Facts::<Media> { viewer, standing, video, open_streams: 0, devices, now };
    decide(&facts).err().unwrap_or(Denial::hidden(Reason::NotFound))
}
