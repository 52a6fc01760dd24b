//! Query parameters.

use crate::field::from_serde;
use crate::{FieldError, Problem};
use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use mcsp_reference::{Describe, Operation};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::fmt::Display;

/// The parameters of the query, parsed strictly. Refuses with 400 `invalid_query` and the parameter's name.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        let deserializer = serde_urlencoded::Deserializer::new(pairs);
        serde_path_to_error::deserialize(deserializer).map(Query).map_err(|error| {
            let (path, reason) = from_serde(&error);
            let parameter = Some(path.parameter()).filter(|name| !name.is_empty());
            let error = FieldError { pointer: None, parameter, code: reason.code, detail: reason.detail };
            invalid().with_errors(vec![error])
        })
    }
}

impl<T: JsonSchema> Describe for Query<T> {
    fn describe(operation: &mut Operation) {
        operation.take_query::<T>();
        operation.refuse(invalid());
    }
}

impl Problem {
    /// 400 `invalid_query`: a parameter that has the expected form, and does not fit to the others.
    pub fn invalid_parameter(name: &str, detail: impl Display) -> Self {
        let error = FieldError {
            pointer: None,
            parameter: Some(name.to_owned()),
            code: "invalid_value",
            detail: detail.to_string(),
        };
        invalid().with_errors(vec![error])
    }
}

fn invalid() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid_query", "the query does not have the expected form")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        limit: Option<u8>,
    }

    async fn query(text: &str) -> Result<Option<u8>, Problem> {
        let request = http::Request::get(format!("/?{text}")).body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        Query::<Filter>::from_request_parts(&mut parts, &()).await.map(|Query(filter)| filter.limit)
    }

    #[tokio::test]
    async fn unknown_and_malformed_parameters_are_named() {
        assert_eq!(query("limit=3").await.unwrap(), Some(3));
        assert_eq!(query("").await.unwrap(), None);
        for (text, parameter, code) in
            [("limit=300", "limit", "invalid_value"), ("limt=3", "limt", "unknown_field")]
        {
            let problem = query(text).await.unwrap_err();
            assert_eq!(problem.code(), "invalid_query");
            let error = &problem.inner.errors[0];
            assert_eq!((error.parameter.as_deref(), error.code), (Some(parameter), code));
        }
    }
}
