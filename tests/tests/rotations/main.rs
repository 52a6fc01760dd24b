//! Keys that are exchanged while everybody goes on. They follow their times, so that the tests mostly wait: all of them at once,
//! each on a platform of its own.

mod auth;
mod playback;
#[path = "../playing/mod.rs"]
mod playing;
