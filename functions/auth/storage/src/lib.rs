//! The SQL of User & Auth: accounts, what they sign in with, where they are signed in, and the clients that
//! may ask for tokens.

mod accounts;
pub mod clients;
mod sessions;

pub use accounts::{
    Credential, RegisterError, account, credential, is_registered, note_repetition, register,
};
pub use sessions::{BeginError, Credentials, EndError, begin, end, live_sessions};
