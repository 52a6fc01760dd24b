//! Regions, and where a video is admitted: for all who decide on it alike.
//!
//! Pure: no clock, no randomness, no I/O.

mod region;
mod regions;

pub use region::{InvalidRegion, Region};
pub use regions::Regions;
