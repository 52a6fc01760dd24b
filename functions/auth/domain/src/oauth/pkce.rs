//! Proof Key for Code Exchange (RFC 7636), with S256 only.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Characters of a verifier (RFC 7636 section 4.1).
const VERIFIER_CHARS: std::ops::RangeInclusive<usize> = 43..=128;
/// Characters of 32 bytes in base64url.
const CHALLENGE_CHARS: usize = 43;

/// What a client commits to with its authorization request: the SHA-256 of a secret that it shows with the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeChallenge(String);

/// Why a challenge is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PkceFault {
    /// Every client has to use it (RFC 9700 section 2.1.1).
    #[error("code_challenge is required")]
    Missing,
    /// With `plain`, which is what a missing method means, whoever sees the request could use the code.
    #[error("code_challenge_method must be S256")]
    Method,
    /// Not the base64url of 32 bytes.
    #[error("code_challenge must be the base64url of a SHA-256")]
    Malformed,
}

impl CodeChallenge {
    /// Takes the parameters of an authorization request.
    pub fn parse(challenge: Option<&str>, method: Option<&str>) -> Result<Self, PkceFault> {
        let challenge = challenge.ok_or(PkceFault::Missing)?;
        if method != Some("S256") {
            return Err(PkceFault::Method);
        }
        let digest = URL_SAFE_NO_PAD.decode(challenge).map_err(|_| PkceFault::Malformed)?;
        if challenge.len() != CHALLENGE_CHARS || digest.len() != 32 {
            return Err(PkceFault::Malformed);
        }
        Ok(CodeChallenge(challenge.to_owned()))
    }

    /// From where it was kept.
    pub fn kept(text: String) -> Self {
        CodeChallenge(text)
    }

    /// To be kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the secret that the client committed to.
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let is_unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        VERIFIER_CHARS.contains(&verifier.len())
            && verifier.bytes().all(is_unreserved)
            && bool::from(
                URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)).as_bytes().ct_eq(self.0.as_bytes()),
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_is_met_by_its_verifier_alone() {
        let challenge = CodeChallenge::parse(Some(CHALLENGE), Some("S256")).unwrap();
        assert!(challenge.is_met_by(VERIFIER));
        for wrong in ["", CHALLENGE, &VERIFIER[1..], &format!("{VERIFIER}A"), &VERIFIER.replace('d', "e")] {
            assert!(!challenge.is_met_by(wrong), "{wrong}");
        }
    }

    #[test]
    fn only_s256_is_taken() {
        for (challenge, method, fault) in [
            (None, Some("S256"), PkceFault::Missing),
            (Some(CHALLENGE), None, PkceFault::Method),
            (Some(CHALLENGE), Some("plain"), PkceFault::Method),
            (Some(CHALLENGE), Some("s256"), PkceFault::Method),
            (Some("short"), Some("S256"), PkceFault::Malformed),
            (Some(&format!("{CHALLENGE}=")), Some("S256"), PkceFault::Malformed),
            (Some(&CHALLENGE.replace('-', "+")), Some("S256"), PkceFault::Malformed),
        ] {
            assert_eq!(CodeChallenge::parse(challenge, method), Err(fault), "{challenge:?} {method:?}");
        }
    }

    proptest! {
        #[test]
        fn a_challenge_is_met_by_what_it_was_made_of(verifier in "[A-Za-z0-9._~-]{43,128}", other in "[A-Za-z0-9._~-]{43,128}") {
            let text = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
            let challenge = CodeChallenge::parse(Some(&text), Some("S256")).unwrap();
            prop_assert!(challenge.is_met_by(&verifier));
            prop_assert_eq!(challenge.is_met_by(&other), verifier == other);
        }
    }
}
