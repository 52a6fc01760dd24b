//! The key that a client wants its tokens bound to (RFC 9449 section 5).

use crate::error::OAuthError;
use http::{HeaderMap, Method};
use mcsp_access::Confirmation;
use mcsp_function::{Context, Unproved, proof_of};

/// The key that a request has proved, at the route that it was sent to; none where it has no proof.
pub(crate) async fn proved_key(
    context: &Context,
    headers: &HeaderMap,
    path: &str,
) -> Result<Option<Confirmation>, OAuthError> {
    match proof_of(context, headers, (&Method::POST, path), None).await {
        Ok(proof) => Ok(proof.map(|proof| Confirmation { jkt: proof.thumbprint().to_owned() })),
        Err(Unproved::Invalid(invalid)) => Err(OAuthError::invalid_dpop_proof(invalid.as_str())),
        Err(Unproved::Failed(problem)) => Err(problem.into()),
    }
}
