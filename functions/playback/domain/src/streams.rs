//! Streams: what keeps a slot of the account, and for how long.

/// How often a player says that it is still there.
pub const HEARTBEAT_INTERVAL_MS: u64 = 10_000;
/// After this many heartbeats that did not come, the slot is free.
pub const HEARTBEATS_MISSED_MAX: u64 = 3;
/// How long a slot is held without a heartbeat.
pub const SLOT_TTL_MS: u64 = HEARTBEAT_INTERVAL_MS * HEARTBEATS_MISSED_MAX;

/// What a player does. A paused one keeps its slot, and its time does not count as watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayerState {
    /// The picture moves.
    Playing,
    /// It stands still.
    Paused,
}

impl PlayerState {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            PlayerState::Playing => "playing",
            PlayerState::Paused => "paused",
        }
    }
}
