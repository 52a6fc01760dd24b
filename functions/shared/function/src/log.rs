//! What the log is told of requests that go on.

use crate::TraceParent;
use std::error::Error;

/// Tells of something that failed and that the request goes on without: one line of JSON on standard error, where the
/// host collects it. Neither text may hold what is personal or secret.
pub fn warn(trace: &TraceParent, message: &'static str, cause: &dyn Error) {
    let line = serde_json::json!({
        "level": "warn", "message": message, "cause": mcsp_causes::in_one_line(cause),
        "traceparent": trace.to_string(),
    });
    eprintln!("{line}");
}
