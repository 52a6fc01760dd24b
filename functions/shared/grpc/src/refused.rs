//! Problems, as statuses of gRPC.

use axum::response::Response;
use http::header::RETRY_AFTER;
use mcsp_problem::{FieldError, Problem};
use std::collections::HashMap;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// Whose codes they are.
const DOMAIN: &str = "mcsp";

/// A problem's status, with its code, its bad fields and when to come again in the details (`google.rpc.Status`). The cause goes
/// to the log, as with every problem.
pub(crate) fn refused(problem: &Problem) -> Response {
    let mut details = ErrorDetails::with_error_info(problem.code(), DOMAIN, HashMap::new());
    if !problem.errors().is_empty() {
        details.set_bad_request(problem.errors().iter().map(violation).collect::<Vec<_>>());
    }
    if let Some(seconds) = retry_after_s(problem) {
        details.set_retry_info(Some(Duration::from_secs(seconds)));
    }
    let status = Status::with_error_details(code(problem), problem.text(), details);
    let mut response = status.into_http();
    if let Some(cause) = problem.cause() {
        response.extensions_mut().insert(cause.clone());
    }
    response
}

fn violation(error: &FieldError) -> FieldViolation {
    FieldViolation {
        field: error.pointer.as_deref().map(field).unwrap_or_default(),
        description: error.detail.clone(),
        reason: error.code.to_owned(),
        ..FieldViolation::default()
    }
}

fn retry_after_s(problem: &Problem) -> Option<u64> {
    problem.header(RETRY_AFTER)?.to_str().ok()?.parse().ok()
}

/// What stands for a problem's HTTP status (`google/rpc/code.proto`).
fn code(problem: &Problem) -> Code {
    match problem.status().as_u16() {
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::NotFound,
        409 => Code::Aborted,
        412 => Code::FailedPrecondition,
        413 | 429 => Code::ResourceExhausted,
        400..=499 => Code::InvalidArgument,
        501 => Code::Unimplemented,
        503 => Code::Unavailable,
        504 => Code::DeadlineExceeded,
        _ => Code::Internal,
    }
}

/// `ids[3]` for `/ids/3`.
fn field(pointer: &str) -> String {
    pointer.split('/').filter(|segment| !segment.is_empty()).fold(
        String::new(),
        |path, segment| match segment.parse::<usize>() {
            Ok(index) => format!("{path}[{index}]"),
            Err(_) if path.is_empty() => segment.to_owned(),
            Err(_) => format!("{path}.{segment}"),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;
    use mcsp_problem::{Invalid, Reason};

    fn status(problem: &Problem) -> Status {
        Status::from_header_map(refused(problem).headers()).unwrap()
    }

    #[test]
    fn bad_fields_and_the_time_to_come_again_are_among_the_details() {
        let invalid = status(&Invalid::problem_at("/ids/3/name", Reason::new("too_long", "is too long")));
        assert_eq!(invalid.code(), Code::InvalidArgument);
        let details = invalid.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("validation_failed", DOMAIN));
        let violation = &details.bad_request().unwrap().field_violations[0];
        assert_eq!((violation.field.as_str(), violation.reason.as_str()), ("ids[3].name", "too_long"));
        assert_eq!(violation.description, "is too long");
        let busy = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "t").retry_after_s(7);
        let busy = status(&busy);
        assert_eq!(busy.code(), Code::Unavailable);
        let retry = busy.get_error_details().retry_info().unwrap().retry_delay;
        assert_eq!(retry, Some(Duration::from_secs(7)));
    }

    #[test]
    fn what_is_our_fault_is_never_told_as_the_callers() {
        for (http, expected) in [
            (500, Code::Internal),
            (502, Code::Internal),
            (503, Code::Unavailable),
            (504, Code::DeadlineExceeded),
        ] {
            let problem = Problem::new(StatusCode::from_u16(http).unwrap(), "code", "title");
            assert_eq!(status(&problem).code(), expected, "{http}");
        }
        for http in [400, 405, 415, 422] {
            let problem = Problem::new(StatusCode::from_u16(http).unwrap(), "code", "title");
            assert_eq!(status(&problem).code(), Code::InvalidArgument, "{http}");
        }
    }

    #[test]
    fn the_cause_reaches_the_log_and_not_the_caller() {
        let problem = Problem::internal(&std::fmt::Error);
        let response = refused(&problem);
        assert!(response.extensions().get::<mcsp_problem::Cause>().is_some());
        let told = Status::from_header_map(response.headers()).unwrap();
        assert_eq!(told.message(), "the request failed on our side");
    }
}
