//! What every endpoint works with, and how it is served.
//!
//! An endpoint crate is a function `router(&Context) -> Router<Context>`, made a component by
//! [`component!`](crate::component). The same router runs natively over the same bridge code, for tests and
//! as an honest measure of what WebAssembly costs.

mod address;
mod after;
mod caller;
mod component;
mod context;
mod cors;
mod endpoint;
#[cfg(target_arch = "wasm32")]
pub mod guest;
mod keyring;
mod limits;
pub mod log;
mod platform;
mod proof;
mod rate_limit;
mod trace;

pub use address::ClientAddress;
pub use caller::{Caller, MaybeCaller, Principal, Scheme};
pub use context::{Clock, Context, Environment, IdSource, MissingVariable, SystemClock, TimeOrderedIds};
pub use endpoint::Endpoint;
pub use mcsp_bridge_api::WARM_UP_PATH;
pub use platform::FromPlatform;
pub use proof::{DPOP, Unproved, proof_of};
pub use rate_limit::RateLimit;
pub use trace::TraceParent;
