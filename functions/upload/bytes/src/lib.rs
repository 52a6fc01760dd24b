//! Where the bytes of uploads are, and how the object store is cleared of them.

mod problem;
mod release;
mod sweep;
mod uploads;

pub use problem::unavailable;
pub use release::{clear, release, remove, settle, tidy};
pub use sweep::{SWEEP_DUE, SweepDue, sweep_later};
pub use uploads::{Uploads, place, prefix, store};
