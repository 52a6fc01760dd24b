//! What sensitive routes ask for: that the person was authenticated of late, and with a second factor where there is one.

use jiff::SignedDuration;
use mcsp_access::Acr;
use mcsp_function::{Caller, Context, Scheme};
use mcsp_problem::Problem;

/// How long ago a person may have been authenticated for what is sensitive.
pub const FRESH_FOR: SignedDuration = SignedDuration::from_mins(10);

/// 401 `insufficient_user_authentication` (RFC 9470) where the caller has to step up first.
pub async fn require_step_up(context: &Context, caller: &Caller) -> Result<(), Problem> {
    let has_factor = auth_storage::has_factor(context.bridge(), caller.user()).await?;
    let needed = if has_factor { Acr::Two } else { Acr::One };
    caller.require_authentication(context.now(), needed, FRESH_FOR)
}

/// How [`require_step_up`] and [`require_second_factor`] refuse, for the API reference.
pub fn step_up_needed() -> Problem {
    Caller::insufficient_authentication(Scheme::Bearer, Acr::Two, FRESH_FOR)
}

/// The same for what shows the password anyway: the second factor must have been shown of late, where there is one.
pub async fn require_second_factor(context: &Context, caller: &Caller) -> Result<(), Problem> {
    match auth_storage::has_factor(context.bridge(), caller.user()).await? {
        true => caller.require_authentication(context.now(), Acr::Two, FRESH_FOR),
        false => Ok(()),
    }
}
