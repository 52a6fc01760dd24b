//! How a limit is told: `RateLimit` and `RateLimit-Policy` (IETF draft-ietf-httpapi-ratelimit-headers-10).

use http::{HeaderName, HeaderValue};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// A limit, and what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Its name, which tells it from others in the same answer.
    pub policy: &'static str,
    /// Requests that it allows at once.
    pub quota: u32,
    /// Milliseconds in which all of them come back.
    pub window_ms: u64,
    /// Requests that are left.
    pub remaining: u64,
    /// Milliseconds until all are back, or until the next is taken where that is later.
    pub reset_ms: u64,
}

impl RateLimit {
    /// Both headers, to be appended: an answer may tell of several limits.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> + use<> {
        let RateLimit { policy, quota, window_ms, remaining, reset_ms } = *self;
        let seconds = |ms: u64| ms.div_ceil(1000);
        [
            (RATE_LIMIT_POLICY, format!("\"{policy}\";q={quota};w={}", seconds(window_ms))),
            (RATE_LIMIT, format!("\"{policy}\";r={remaining};t={}", seconds(reset_ms))),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, HeaderValue::from_str(&value).ok()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_tell_the_policy_and_what_is_left() {
        let limit =
            RateLimit { policy: "account", quota: 20, window_ms: 12_000_000, remaining: 0, reset_ms: 1_500 };
        let headers: http::HeaderMap = limit.headers().collect();
        assert_eq!(headers[RATE_LIMIT_POLICY], "\"account\";q=20;w=12000");
        assert_eq!(headers[RATE_LIMIT], "\"account\";r=0;t=2");
    }
}
