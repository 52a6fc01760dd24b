//! What takes its time: keys that follow their times, stores that are away for a while. The tests mostly wait, so they run all at
//! once, each on a platform of its own.

mod auth_keys;
mod huge_uploads;
mod playback_keys;
mod resilience;
