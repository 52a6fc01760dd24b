//! The SQL of User & Auth: accounts, what they sign in with, where they are signed in, and the clients that
//! may ask for tokens.

mod accounts;
pub mod clients;
mod families;
mod sessions;

pub use accounts::{
    Credential, RegisterError, account, credential, is_registered, note_repetition, register,
};
pub use families::{FirstToken, Renewed, Rotation, ShownToken, TokenHash, revoke, rotate};
pub use sessions::{BeginError, Credentials, EndError, Opening, begin, end, live_sessions, renew};
