//! Playback's rules: who may play what, how many streams and devices an account has, where a viewer stopped.

mod account;
mod decision;
mod device;
mod entitlement;
mod licence;
mod position;
mod streams;
mod subscription;
mod video;

pub use account::{AccountState, Standing};
pub use decision::{Decision, Deniable, merged};
pub use device::{Device, Devices, InvalidDevice, device_id};
pub use entitlement::{Allowance, Denial, Facts, HoldsFor, Limits, Reason, Viewer, decide};
pub use licence::{KeySystem, Output, Robustness, Terms};
pub use mcsp_embedding::{Embedder, Embedding, InvalidOrigin, Origin};
pub use mcsp_regions::{InvalidRegion, Region, Regions};
pub use position::{CLIENT_CLOCK_SKEW_MAX, InvalidPosition, POSITION_MAX_MS, Position};
pub use streams::{
    HEARTBEAT_INTERVAL_MS, HEARTBEATS_MISSED_MAX, PlayerState, SLOT_TTL_MS, Streams, watched_ms,
};
pub use subscription::{
    Entitlements, InvalidEntitlements, PLAN_DEVICES_MAX, PLAN_LEVEL_MAX, PLAN_STREAMS_MAX, Subscription,
};
pub use video::{State, Video, Visibility};
