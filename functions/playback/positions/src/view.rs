//! A position as the caller sees it.

use jiff::Timestamp;
use mcsp_ids::VideoId;
use playback_domain::Position;
use playback_storage::videos::Source;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct PositionView {
    video_id: VideoId,
    position_ms: u64,
    client_time: Timestamp,
    served_from: &'static str,
    stale_ms: u64,
}

/// A position, with where it was found and how old what was found is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<T> {
    pub position: T,
    pub source: Source,
    pub stale_ms: u64,
}

impl<T> Found<T> {
    /// What a store has now.
    pub(crate) fn fresh(position: T, source: Source) -> Self {
        Found { position, source, stale_ms: 0 }
    }
}

impl PositionView {
    pub(crate) fn new(video_id: VideoId, found: Found<Position>) -> Self {
        let Found { position, source, stale_ms } = found;
        PositionView {
            video_id,
            position_ms: position.position_ms(),
            client_time: position.client_time(),
            served_from: source.as_str(),
            stale_ms,
        }
    }
}
