//! Auth's components, in one program: each further one would link the bridge again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod accounts;
mod birth_date;
mod breached;
mod clients;
mod closing;
mod common;
mod decisions;
mod dpop;
mod factors;
mod logout;
mod mails;
mod oauth_attacks;
mod oauth_code;
mod oauth_cors;
mod oauth_device;
mod oauth_par;
mod passkeys;
mod refresh;
mod roles;
mod sessions;
mod signing_keys;
