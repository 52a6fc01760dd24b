//! The proof that comes with a token that is bound to a key (RFC 9449).

use crate::Context;
use http::{HeaderMap, HeaderName, Method};
use mcsp_access::{InvalidProof, PROOF_ALGORITHMS, Proof, ProvedRequest};
use mcsp_bridge_api::limits::Subject;
use mcsp_problem::Problem;

/// The header in which a proof comes.
pub const DPOP: HeaderName = HeaderName::from_static("dpop");

/// Why a request has not proved that it comes from who has a key.
#[derive(Debug)]
pub enum Unproved {
    /// What it brings is no proof of that.
    Invalid(InvalidProof),
    /// It cannot be told now whether the proof comes for the first time.
    Failed(Problem),
}

impl From<InvalidProof> for Unproved {
    fn from(invalid: InvalidProof) -> Self {
        Unproved::Invalid(invalid)
    }
}

/// The proof of a request, if there is one: right, and for the first time. `token` is the access token that it comes with, where
/// it does.
///
/// That it comes for the first time is known to the process, from the bridge's memory: there is no store that every request
/// with a token could wait for.
pub async fn proof_of(
    context: &Context,
    headers: &HeaderMap,
    (method, path): (&Method, &str),
    token: Option<&str>,
) -> Result<Option<Proof>, Unproved> {
    let mut all = headers.get_all(DPOP).iter();
    let Some(value) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(InvalidProof::Repeated.into());
    }
    let text = value.to_str().map_err(|_| InvalidProof::Malformed)?;
    // As clients know it, whatever proxies are in between.
    let uri = format!("{}{path}", context.keyring().issuer.trim_end_matches('/'));
    let of = ProvedRequest { method: method.as_str(), uri: &uri, token };
    let proof = Proof::check(text, of, context.now())?;
    let standing = context.bridge().take_request(Subject::Proof(proof.name())).await;
    match standing.map_err(|failure| Unproved::Failed(failure.into()))?.wait_ms {
        0 => Ok(Some(proof)),
        _ => Err(InvalidProof::Replayed.into()),
    }
}

/// What a challenge says of proofs.
pub(crate) fn algorithms() -> String {
    format!("algs=\"{}\"", PROOF_ALGORITHMS.join(" "))
}
