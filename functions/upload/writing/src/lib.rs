//! How bytes that pass through a function get into the object store, in parts that are held one at a time: those that clients of
//! tus send, and those that the platform fetches.

mod begun;
mod lease;
mod standing;
mod writer;

pub use begun::begun;
pub use lease::{Lease, locked};
pub use standing::Standing;
pub use writer::{Writer, failed};
