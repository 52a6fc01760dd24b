//! Whether a chosen password was stolen elsewhere, where whoever runs the platform has given `password-ranges` an
//! address. Five digits of its digest leave the platform, and nothing else of it.
//!
//! It is asked for last, once all else about the request is right. While nothing can be told, the password is taken:
//! the list of the commonest ones stands in its way all the same.

use crate::password::unfit;
use auth_domain::{Password, PasswordDigest, UnfitPassword, UnusableRange};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::services::Request;
use mcsp_function::{Context, TraceParent, log};
use mcsp_problem::Problem;

const TARGET: &str = "password-ranges";
/// How the bridge refuses a target without an address.
const WITHOUT_ADDRESS: &str = "unknown-target";
/// A person waits, and the password is taken anyway then.
const DEADLINE_MS: u32 = 1_000;
const OK: u16 = 200;

/// Why nothing is known of a password.
#[derive(Debug, thiserror::Error)]
enum Unchecked {
    #[error("there is no answer")]
    Failed(#[source] Failure),
    #[error("the answer is {0}")]
    Answered(u16),
    #[error("the answer is no range")]
    Unusable(#[from] UnusableRange),
}

/// 422 at `pointer` for a password that was stolen elsewhere.
pub(crate) async fn refuse_breached(
    context: &Context,
    trace: &TraceParent,
    pointer: &str,
    password: &Password,
) -> Result<(), Problem> {
    match is_breached(context, trace, password).await {
        Ok(false) => Ok(()),
        Ok(true) => Err(unfit(pointer, UnfitPassword::Breached)),
        Err(unchecked) => {
            log::warn(trace, "a password was taken without a look at the stolen ones", &unchecked);
            Ok(())
        }
    }
}

async fn is_breached(context: &Context, trace: &TraceParent, password: &Password) -> Result<bool, Unchecked> {
    let digest = PasswordDigest::of(password);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let request = Request {
        target: TARGET.to_owned(),
        method: "GET".to_owned(),
        path: format!("/range/{}", digest.prefix()),
        // Padding keeps the length of an encrypted answer from telling the range.
        headers: [header("add-padding", "true"), header("user-agent", "mcsp")]
            .into_iter()
            .chain(trace.forwarded())
            .collect(),
        body: Vec::new(),
        idempotent: true,
        deadline_ms: Some(DEADLINE_MS),
    };
    let response = match context.bridge().call(request).await {
        Ok(response) => response,
        Err(Failure::Refused(code)) if code == WITHOUT_ADDRESS => return Ok(false),
        Err(failure) => return Err(Unchecked::Failed(failure)),
    };
    if response.status != OK {
        return Err(Unchecked::Answered(response.status));
    }
    Ok(digest.is_in(&String::from_utf8_lossy(&response.body))?)
}
