//! An event that builds on another one, which is still on its way.

use http::StatusCode;
use mcsp_problem::Problem;

/// 409 `not_yet`: it comes again.
pub(crate) fn not_yet() -> Problem {
    Problem::new(StatusCode::CONFLICT, "not_yet", "the video is not known yet")
}
