//! Domain events: how they are made, at once or for later, and how a consumer takes them.
//!
//! An event carries the whole new state of its aggregate and the aggregate's version, so that consumers can
//! apply events in any order, and twice. Events are CloudEvents 1.0.

mod made;
mod received;
mod timer;

pub use made::{Emission, emit};
pub use received::{Applied, Received, waits};
pub use timer::{Timer, cancel_timer, set_timer, too_early};
