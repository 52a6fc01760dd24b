//! Whether what a person shows is theirs, and how often they may try.
//!
//! Signing in has two faces, the API and the page: both count attempts by the same limits, and take the same
//! steps for an address without an account as for one that has one.

mod limits;
mod passkey;
mod password;
mod second_factor;
mod step_up;

pub use limits::attempt;
pub use passkey::{
    Answered, CheckedPasskey, PasskeyError, Purpose, answered_challenge, check_answer, check_passkey,
    copied_passkey, passkey_challenge, relying_party, wrong_passkey,
};
pub use password::{CheckError, Checked, check_password};
pub use second_factor::{CodeError, Shown, attempt_code, check_code, sealing_keys, secret_of, wrong_code};
pub use step_up::{
    FRESH_FOR, require_first_party, require_second_factor, require_session, require_step_up, session_needed,
    step_up_needed,
};
