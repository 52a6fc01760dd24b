//! User & Auth, pure: e-mail addresses, passwords, accounts and sessions, and what may become of them.

mod account;
mod email;
mod password;
mod session;

pub use account::{Account, Inactive, Registration, State, TransitionRefused};
pub use email::{EMAIL_MAX_BYTES, Email, InvalidEmail};
pub use password::{PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS, Password, UnfitPassword};
pub use session::{ACCESS_TOKEN_LIFE, Device, Session};
