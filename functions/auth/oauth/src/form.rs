//! Bodies of the protocol: `application/x-www-form-urlencoded`.

use crate::error::{OAuthError, failures};
use auth_domain::Parameters;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use mcsp_problem::media_type;
use mcsp_reference::{Describe, Operation};

/// No request of the protocol is longer.
const FORM_MAX_BYTES: usize = 64 * 1024;
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// The parameters of a body. Refuses with `invalid_request`: 413 for one that is too long, else 400.
pub(crate) struct Form(pub(crate) Parameters);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = OAuthError;

    async fn from_request(request: Request, _: &S) -> Result<Self, OAuthError> {
        if media_type(request.headers()).as_deref() != Some(FORM) {
            return Err(OAuthError::invalid_request("the body must be application/x-www-form-urlencoded"));
        }
        let body = Limited::new(request.into_body(), FORM_MAX_BYTES).collect().await;
        let body = body.map_err(|error| {
            if error.is::<LengthLimitError>() {
                too_large()
            } else {
                OAuthError::invalid_request("the body broke off")
            }
        })?;
        let parameters = Parameters::parse(&body.to_bytes());
        parameters.map(Form).map_err(|_| OAuthError::invalid_request("a parameter is given more than once"))
    }
}

impl Describe for Form {
    fn describe(operation: &mut Operation) {
        operation.refuse(OAuthError::invalid_request(""));
        operation.refuse(too_large());
        failures().into_iter().for_each(|failure| operation.refuse(failure));
    }
}

fn too_large() -> OAuthError {
    OAuthError::invalid_request("the body is larger than 64 KiB").with_status(StatusCode::PAYLOAD_TOO_LARGE)
}
