//! Bad fields, each with its place.

use crate::Problem;
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

/// One bad field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldError {
    /// Where in the body: a JSON Pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"/title")]
    pub pointer: Option<String>,
    /// Which parameter of path or query.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"limit")]
    pub parameter: Option<String>,
    /// Stable machine code: `too_long`, `unknown_field`, …
    #[schemars(example = &"too_long")]
    pub code: &'static str,
    /// For people.
    #[schemars(example = &"must have at most 100 characters")]
    pub detail: String,
}

/// What is wrong with a value, without its place: the error of a domain type's parser.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Reason {
    /// Stable machine code.
    pub code: &'static str,
    /// For people; never repeats the value.
    pub detail: String,
}

impl Reason {
    /// A reason with its stable code.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Reason { code, detail: detail.into() }
    }
}

/// Collects bad fields, so that a caller learns of all of them at once.
///
/// ```
/// use mcsp_problem::{Invalid, Reason};
/// fn even(n: u32) -> Result<u32, Reason> {
///     if n % 2 == 0 { Ok(n) } else { Err(Reason::new("odd", "must be even")) }
/// }
/// let mut invalid = Invalid::default();
/// let width = invalid.check("/width", even(3));
/// let height = invalid.check("/height", even(4));
/// assert_eq!((width, height), (None, Some(4)));
/// assert_eq!(invalid.into_problem().code(), "validation_failed");
/// ```
#[derive(Debug, Default)]
pub struct Invalid(Vec<FieldError>);

impl Invalid {
    /// 422 `validation_failed`, for one thing that is wrong.
    pub fn problem_at(pointer: &str, reason: Reason) -> Problem {
        let mut invalid = Invalid::default();
        invalid.check::<()>(pointer, Err(reason));
        invalid.into_problem()
    }

    /// Keeps the value, or notes what is wrong at `pointer`.
    pub fn check<T>(&mut self, pointer: &str, parsed: Result<T, Reason>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(Reason { code, detail }) => {
                let pointer = Some(pointer.to_owned());
                self.0.push(FieldError { pointer, parameter: None, code, detail });
                None
            }
        }
    }

    /// Notes what was noted of a part of the body, at its place in the whole.
    pub fn within(&mut self, pointer: &str, Invalid(errors): Invalid) {
        self.0.extend(errors.into_iter().map(|error| {
            let pointer = error.pointer.map(|inner| format!("{pointer}{inner}"));
            FieldError { pointer, ..error }
        }));
    }

    /// The value, if nothing was noted.
    pub fn into_result<T>(self, value: T) -> Result<T, Problem> {
        if self.0.is_empty() { Ok(value) } else { Err(self.into_problem()) }
    }

    /// 422 `validation_failed`, with all that was noted.
    pub fn into_problem(self) -> Problem {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation_failed",
            "some fields do not hold what they must",
        )
        .with_errors(self.0)
    }
}

/// Takes a serde error apart. serde's text may repeat the caller's value, which may be a secret, so only
/// what was expected is kept.
pub(crate) fn from_serde<E: std::error::Error>(error: &serde_path_to_error::Error<E>) -> (FieldPath, Reason) {
    let text = error.inner().to_string();
    let field = text.split('`').nth(1).unwrap_or_default();
    let mut path = FieldPath::new(error.path());
    let reason = if text.starts_with("unknown field") {
        path.push(field);
        Reason::new("unknown_field", "is not a field of this request")
    } else if text.starts_with("missing field") {
        path.push(field);
        Reason::new("missing_field", "is required")
    } else if let Some((_, expected)) = text.split_once(", expected ") {
        let expected = expected.split(" at line ").next().unwrap_or(expected);
        Reason::new("invalid_value", format!("expected {expected}"))
    } else if text.starts_with("not an id") {
        Reason::new("invalid_id", text.split(" at line ").next().unwrap_or(&text).to_owned())
    } else {
        Reason::new("invalid_value", "does not have the expected form")
    };
    (path, reason)
}

/// The segments that lead to a field.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FieldPath(Vec<String>);

impl FieldPath {
    fn new(path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment;
        let segments = path.iter().filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { variant } => Some(variant.clone()),
            Segment::Unknown => None,
        });
        FieldPath(segments.collect())
    }

    fn push(&mut self, field: &str) {
        if !field.is_empty() && self.0.last().map(String::as_str) != Some(field) {
            self.0.push(field.to_owned());
        }
    }

    /// As a JSON Pointer.
    pub(crate) fn pointer(&self) -> String {
        self.0.iter().map(|s| format!("/{}", s.replace('~', "~0").replace('/', "~1"))).collect()
    }

    /// As the name of a parameter.
    pub(crate) fn parameter(&self) -> String {
        self.0.join(".")
    }
}
