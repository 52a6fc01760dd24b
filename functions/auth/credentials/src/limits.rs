//! Sign-in limits, per account and per address: whoever guesses waits longer and longer.

use auth_domain::Email;
use mcsp_attempts::{Attempt, Limit, Policy, TOO_MANY_ATTEMPTS};
use mcsp_function::{ClientAddress, Context};
use mcsp_problem::Problem;

/// In the long run 144 guesses a day. Delays end soon enough that the owner can outwait a stranger's guesses.
///
/// It is not told: that would show whether others try, and so whether the account is in use.
const ACCOUNT: Policy = Policy {
    service: "auth",
    operation: "sign-in",
    name: "account",
    free_attempts: 20,
    forget_ms: 10 * 60 * 1000,
    delay_max_ms: 15 * 60 * 1000,
    is_told: false,
};
/// Wide, since a whole office or mobile network may stand behind an address.
const ADDRESS: Policy = Policy {
    service: "auth",
    operation: "sign-in",
    name: "address",
    free_attempts: 200,
    forget_ms: 10 * 1000,
    delay_max_ms: 15 * 60 * 1000,
    is_told: true,
};

/// Counts an attempt, if one may be made now. It is to be taken back when it was no wrong guess.
pub async fn attempt(
    context: &Context,
    email: &Email,
    address: ClientAddress,
) -> Result<Attempt<2>, Problem> {
    let limits = [Limit::new(ACCOUNT, email.as_str()), Limit::of_network(ADDRESS, address)];
    let attempt = mcsp_attempts::attempt(context, limits).await;
    attempt.map_err(|refused| refused.into_problem(TOO_MANY_ATTEMPTS))
}
