//! The tokens that sessions and clients are given: access tokens, ID tokens and refresh tokens.
//!
//! Whoever issues them takes [`Tokens`] from here, so that there is one place that signs.

mod access;
mod refresh;
mod secret;

pub use access::{Bearer, IdTokenRequest, Tokens};
pub use refresh::RefreshToken;
pub use secret::Secret;
