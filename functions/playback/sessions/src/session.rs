//! A session that is open, with all that the answer needs.

use mcsp_ids::PlaybackSessionId;
use playback_domain::{Denial, Facts, HoldsFor, Position, Streams, Viewer, decide};
use playback_storage::videos::{Media, Source, Version};

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
    /// Where the viewer stopped.
    pub position: Option<Position>,
    pub source: Source,
    pub stale_ms: u64,
    /// What Redis knows of the account, to be remembered: its streams, and whether the position is all that there is.
    pub told: Option<Told>,
}

/// What Redis told of an account beside what was asked for.
#[derive(Debug)]
pub(crate) struct Told {
    pub streams: Streams,
    /// Whether the session's position is known, or only could not be found out.
    pub position_is_known: bool,
}

/// What may be played, whatever a store keeps of earlier decisions.
pub(crate) fn allowed<'a>(
    viewer: &'a Viewer,
    version: &'a Version,
    open_streams: u32,
) -> Result<&'a Media, Denial> {
    decide(&Facts { viewer, video: Some(&version.video), open_streams }).map(|allowance| allowance.media)
}

/// For whom a yes holds, streams aside.
pub(crate) fn allowed_for(viewer: &Viewer, version: &Version) -> Result<HoldsFor, Denial> {
    decide(&Facts { viewer, video: Some(&version.video), open_streams: 0 })
        .map(|allowance| allowance.holds_for)
}
