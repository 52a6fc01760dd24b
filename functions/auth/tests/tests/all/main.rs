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
mod enrolled;
mod factors;
mod logout;
mod mails;
mod meanwhile;
mod oauth_attacks;
mod oauth_code;
mod oauth_cors;
mod oauth_device;
mod oauth_device_retry;
mod oauth_guesses;
mod oauth_par;
mod oauth_scopes;
mod oauth_step_up;
mod own_name;
mod passkeys;
mod refresh;
mod renewed_hashes;
mod roles;
mod sessions;
mod signing_keys;
mod stale;
mod suspended_closing;
mod taken_address;
mod takeover;
