//! Path parameters.

use crate::{FieldError, Problem};
use axum::extract::FromRequestParts;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use http::StatusCode;
use http::request::Parts;
use mcsp_reference::{Describe, Operation};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// The parameters of the path. Refuses with 400 `invalid_id`, so that an id of the wrong kind is told from
/// an unknown one.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Path(value)),
            Err(PathRejection::FailedToDeserializePathParams(rejection)) => {
                Err(refuse(rejection.into_kind()))
            }
            Err(rejection) => Err(Problem::internal(&rejection)),
        }
    }
}

impl<T: JsonSchema> Describe for Path<T> {
    fn describe(operation: &mut Operation) {
        operation.take_path::<T>();
        operation.refuse(invalid());
    }
}

fn refuse(kind: ErrorKind) -> Problem {
    let (parameter, detail) = match kind {
        ErrorKind::ParseErrorAtKey { key, expected_type, .. } => {
            (Some(key), format!("expected {expected_type}"))
        }
        ErrorKind::DeserializeError { key, message, .. } => (Some(key), message),
        ErrorKind::Message(message) => (None, message),
        _ => (None, "does not have the expected form".to_owned()),
    };
    let error = FieldError { pointer: None, parameter, code: "invalid_id", detail };
    invalid().with_errors(vec![error])
}

fn invalid() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid_id", "the path does not hold an id of the expected kind")
}
