//! What the browser says of a ceremony (WebAuthn section 5.8.1): which one, for which challenge, and where.

use crate::{Refused, RelyingParty};
use serde::Deserialize;
use sha2::{Digest, Sha256};

pub(crate) const CREATE: &str = "webauthn.create";
pub(crate) const GET: &str = "webauthn.get";

/// Members that are not known are passed over: browsers add some to keep relying parties used to that.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    top_origin: Option<String>,
}

/// The challenge that is answered, before anything is checked.
pub(crate) fn challenge_of(json: &[u8]) -> Option<String> {
    serde_json::from_slice::<Said>(json).ok().map(|said| said.challenge)
}

/// Checks what the browser says, and gives the digest that is signed.
pub(crate) fn check(
    json: &[u8],
    ceremony: &str,
    challenge: &str,
    party: &RelyingParty,
) -> Result<[u8; 32], Refused> {
    let said: Said = serde_json::from_slice(json).map_err(|_| Refused::Malformed("clientDataJSON"))?;
    if said.r#type != ceremony {
        return Err(Refused::OtherCeremony);
    }
    if said.challenge != challenge {
        return Err(Refused::OtherChallenge);
    }
    if !party.has_origin(&said.origin) {
        return Err(Refused::OtherOrigin);
    }
    // Nothing here is meant to be shown in a frame.
    if said.cross_origin || said.top_origin.is_some() {
        return Err(Refused::CrossOrigin);
    }
    Ok(Sha256::digest(json).into())
}
