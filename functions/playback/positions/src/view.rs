//! A position as the caller sees it.

use jiff::Timestamp;
use mcsp_ids::VideoId;
use playback_domain::Position;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct PositionView {
    video_id: VideoId,
    position_ms: u64,
    client_time: Timestamp,
}

impl PositionView {
    pub(crate) fn new(video_id: VideoId, position: &Position) -> Self {
        PositionView { video_id, position_ms: position.position_ms(), client_time: position.client_time() }
    }
}
