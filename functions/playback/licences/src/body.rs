//! Licence requests as they come: bytes that a key system has made, of whatever media type its player says.

use crate::problems;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use mcsp_problem::Problem;
use mcsp_reference::{Describe, Operation};

const MAX_BYTES: usize = 64 * 1024;

/// A licence request. Refuses with 413 `licence_request_too_large`, or 400 `malformed_licence_request` where it broke off.
pub(crate) struct LicenceRequest(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for LicenceRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let body = Limited::new(request.into_body(), MAX_BYTES).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { problems::too_large() } else { problems::malformed() }
        })?;
        Ok(LicenceRequest(body.to_bytes()))
    }
}

impl Describe for LicenceRequest {
    fn describe(operation: &mut Operation) {
        operation.refuse(problems::too_large());
        operation.refuse(problems::malformed());
    }
}
