//! Bodies of the protocol: `application/x-www-form-urlencoded`.

use crate::error::OAuthError;
use auth_domain::Parameters;
use axum::extract::{FromRequest, Request};
use http::{StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// No request of the protocol is longer.
const FORM_MAX_BYTES: usize = 64 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";

/// The parameters of a body. Refuses with `invalid_request`: 413 for one that is too long, else 400.
pub(crate) struct Form(pub(crate) Parameters);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = OAuthError;

    async fn from_request(request: Request, _: &S) -> Result<Self, OAuthError> {
        let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case(FORM) {
            return Err(OAuthError::invalid_request("the body must be application/x-www-form-urlencoded"));
        }
        let body = Limited::new(request.into_body(), FORM_MAX_BYTES).collect().await;
        let body = body.map_err(|error| {
            if error.is::<LengthLimitError>() {
                let error = OAuthError::invalid_request("the body is larger than 64 KiB");
                error.with_status(StatusCode::PAYLOAD_TOO_LARGE)
            } else {
                OAuthError::invalid_request("the body broke off")
            }
        })?;
        let parameters = Parameters::parse(&body.to_bytes());
        parameters.map(Form).map_err(|_| OAuthError::invalid_request("a parameter is given more than once"))
    }
}
