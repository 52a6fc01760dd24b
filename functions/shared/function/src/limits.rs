//! The general limits: how often one may ask a component, counted by the bridge.

use crate::caller::Bearer;
use crate::platform::is_from_platform;
use crate::{ClientAddress, Context, RateLimit};
use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use mcsp_access::Subject as Holder;
use mcsp_bridge_api::limits::{Standing, Subject};
use mcsp_problem::Problem;

/// The name of the policy in the headers.
const POLICY: &str = "default";

/// What a request's limit says.
pub(crate) struct Verdict {
    /// What is left, for the headers of whatever is answered.
    pub(crate) limit: RateLimit,
    /// 429 `rate_limited` for a request that is one too many.
    pub(crate) refusal: Option<Problem>,
}

/// Takes a request from the budget of who made it. None where nobody is counted, or the bridge can't count:
/// these limits are for fairness, and a request is not refused for want of them.
pub(crate) async fn take(parts: &mut Parts, context: &Context) -> Option<Verdict> {
    let subject = subject(parts, context).await?;
    let standing = context.bridge().take_request(subject).await.ok()?;
    let Standing { wait_ms, quota, window_ms, remaining, reset_ms } = standing;
    let limit = RateLimit {
        policy: POLICY,
        quota,
        window_ms: window_ms.into(),
        remaining: remaining.into(),
        reset_ms: reset_ms.max(wait_ms).into(),
    };
    let refusal = (wait_ms > 0).then(|| {
        Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "too many requests; the next is taken after the time in Retry-After",
        )
        .retry_after_s(wait_ms.div_ceil(1000))
    });
    Some(Verdict { limit, refusal })
}

/// The user or the client of a valid token, or else the network. The platform's own calls are nobody's: events and other
/// services must not wait for each other. Nor is a request whose address the host does not tell.
async fn subject(parts: &mut Parts, context: &Context) -> Option<Subject> {
    if is_from_platform(&parts.headers, context).unwrap_or(false) {
        return None;
    }
    if context.keyring().is_in_use()
        && let Bearer::Valid(claims) = Bearer::of(parts, context).await
    {
        return Some(match claims.sub {
            Holder::User(user) => Subject::User(user.to_string()),
            Holder::Client(client) => Subject::Client(client.to_string()),
        });
    }
    let Ok(address) = ClientAddress::from_request_parts(parts, &()).await;
    address.network().map(|network| Subject::Address(network.to_string()))
}
