//! The tokens that sessions and clients are given: access tokens, ID tokens and refresh tokens; and those that tell clients
//! of a logout.
//!
//! Whoever issues them takes [`Tokens`] or [`LogoutTokens`] from here, so that there is one place that signs.

mod access;
mod logout;
mod refresh;
mod secret;

pub use access::{Bearer, IdTokenRequest, OwnName, Tokens};
pub use logout::{Logout, LogoutTokens};
pub use refresh::RefreshToken;
pub use secret::Secret;
