//! OAuth 2 and OpenID Connect, pure: which requests are taken, and what follows from them.

mod authorization;
mod device;
mod parameters;
mod pkce;
#[cfg(test)]
mod samples;
mod scopes;

pub use authorization::{AuthorizationError, AuthorizationRequest, Known, Step, Untaken};
pub use device::UserCode;
pub use parameters::{Parameters, Repeated};
pub use pkce::{CodeChallenge, PkceFault};
pub use scopes::{InvalidScope, Scopes};
