//! The SQL of User & Auth: accounts, what they sign in with, what they are written, where they are signed in, and the
//! clients that may ask for tokens.

mod accounts;
mod authorizations;
pub mod clients;
mod codes;
pub mod decisions;
mod devices;
mod factors;
mod families;
mod mails;
mod passkeys;
mod pushed;
pub mod roles;
mod sessions;
mod short_lived;
pub mod signing_keys;

pub use accounts::{
    ADDRESS_IS_TAKEN, Credential, RegisterError, Registered, account, account_at, address_is_free,
    credential, credential_of, erase, forget_earlier_holder, hold_account, hold_address, note_repetition,
    register, registered, set_password, update,
};
pub use authorizations::{
    Authorization, AuthorizeError, SignedIn, authorize, begin_for, browser_session, consented, live_family,
    live_session,
};
pub use codes::{CodeGrant, Redemption, keep_code, redeem_code};
pub use devices::{
    Approval, DEVICE_CODE_LIFE_S, Decision, DeviceRequest, DeviceSession, LetIn, POLL_INTERVAL_S, Poll,
    begin_device, decide_device, forget_device, note_begun, poll_device, waiting_device,
};
pub use factors::{
    Challenged, FACTORS_MAX, FactorKind, Protection, StoredFactor, challenge, challenged, codes, confirm,
    enrol, factors, has_factor, protection, remove_factor, replace_codes, seal_place, take_challenge,
    take_code, take_step,
};
pub use families::{FirstToken, Renewed, Rotation, ShownToken, TokenHash, bind_family, revoke, rotate};
pub use mails::{Addressed, mail, remove, store, take_token, withdraw};
pub use passkeys::{
    OwnedPasskey, PASSKEY_IS_KNOWN, confirm_passkey, passkey, passkeys, take_passkey, take_passkey_challenge,
};
pub use pushed::{PUSHED_LIFE_S, keep_pushed, pushed, take_pushed};
pub use sessions::{
    BeginError, Beside, Credentials, EndError, Opening, authenticated, begin, begin_with, current, end,
    end_all, end_others, live_sessions, renew, renew_hash,
};
