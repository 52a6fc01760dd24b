//! Cross-origin rules for what browsers reach directly: uploads by presigned URL, playback from the CDN.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// What pages of any origin may do: the URL's signature is what protects.
pub(crate) type Rules = [(HeaderName, HeaderValue); 6];

/// Without it, a page learns nothing of how long an answer took, by which players choose what to fetch next.
const TIMING_ALLOW_ORIGIN: HeaderName = HeaderName::from_static("timing-allow-origin");

pub(crate) const UPLOADS: Rules =
    rules("GET, HEAD, PUT, POST, DELETE", "*", "ETag, Content-Range, Accept-Ranges, x-amz-checksum-sha256");

/// Beside ranges, players tell what they do (CMCD, CTA-5004).
pub(crate) const PLAYBACK: Rules = rules(
    "GET, HEAD",
    "Range, CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status",
    "Content-Length, Content-Range, Accept-Ranges, ETag",
);

const fn rules(methods: &'static str, headers: &'static str, shown: &'static str) -> Rules {
    [
        (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods)),
        (ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(headers)),
        (ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(shown)),
        (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600")),
        (TIMING_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ]
}

/// Whether a browser asks for permission.
pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(ORIGIN)
}

/// Tells browsers what pages may do.
pub(crate) fn allow(headers: &mut HeaderMap, rules: Rules) {
    headers.extend(rules);
}
