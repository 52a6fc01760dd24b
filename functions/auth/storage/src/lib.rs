//! The SQL of User & Auth: accounts, what they sign in with, and where they are signed in.

mod accounts;
mod sessions;

pub use accounts::{
    Credential, RegisterError, account, credential, is_registered, note_repetition, register,
};
pub use sessions::{BeginError, Credentials, EndError, begin, end, live_sessions};
