//! The bridge of a process that has none of its own: calls go to `mcsp-bridge` beside it, over a Unix socket or loopback.
//!
//! What the bridge adapter is to components under stock Spin, natively: `POST /v1/<interface>/<function>`, parameters and
//! the whole result, its error cases included, in MessagePack.

mod address;
mod connector;
mod exchange;
mod remote;

pub use address::{Address, AddressError};
pub use remote::Remote;
