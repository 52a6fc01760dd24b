//! Whether what a person shows is theirs, and how often they may try.
//!
//! Signing in has two faces, the API and the page: both count attempts by the same limits, and take the same
//! steps for an address without an account as for one that has one.

mod limits;
mod password;

pub use limits::attempt;
pub use password::{CheckError, Checked, check_password};
