//! The SQL of User & Auth: accounts, what they sign in with, where they are signed in, and the clients that
//! may ask for tokens.

mod accounts;
mod authorizations;
pub mod clients;
mod codes;
pub mod decisions;
mod devices;
mod families;
pub mod roles;
mod sessions;
mod short_lived;
pub mod signing_keys;

pub use accounts::{
    Credential, RegisterError, account, credential, is_registered, note_repetition, register,
};
pub use authorizations::{
    Authorization, AuthorizeError, SignedIn, authorize, begin_for, browser_session, consented, live_family,
    live_session,
};
pub use codes::{CodeGrant, Redemption, keep_code, redeem_code};
pub use devices::{
    Approval, DEVICE_CODE_LIFE_S, Decision, DeviceRequest, POLL_INTERVAL_S, Poll, begin_device,
    decide_device, poll_device, waiting_device,
};
pub use families::{FirstToken, Renewed, Rotation, ShownToken, TokenHash, revoke, rotate};
pub use sessions::{BeginError, Credentials, EndError, Opening, begin, end, live_sessions, renew};
