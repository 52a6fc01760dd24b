//! Where the bytes of uploads are, and how the object store is cleared of them.

mod release;
mod sweep;
mod uploads;

pub use mcsp_object_store::unavailable;
pub use release::{clear, release, remove, settle, tidy};
pub use sweep::{SWEEP_DUE, SweepDue, sweep_later};
pub use uploads::{Uploads, place, prefix, store};
