//! Access grants: what a viewer who has given a video's password to Content shows to Playback.
//!
//! A grant is `base64url(payload) "." base64url(HMAC-SHA256(key, "access." base64url(payload)))`; the payload is JSON:
//! `kid` the key's id, `uid` whose it is, `vid` the video, `pwv` which passwords it had, `exp` the first second (Unix time)
//! at which the grant is refused. What is signed begins with a word of its own, so that no other token is a grant.

use crate::sealed::{Sealed, seal};
use crate::token::{Refusal, Signer, Verifier};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

const DOMAIN: &[u8] = b"access.";

/// That an account knows a password of a video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessGrant {
    /// `user_…`
    pub user_id: String,
    /// `video_…`
    pub video_id: String,
    /// Which passwords the video had.
    pub passwords_version: u64,
    /// The first second at which it is refused.
    pub expires_at_unix_s: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload<'a> {
    #[serde(borrow)]
    kid: Cow<'a, str>,
    #[serde(borrow)]
    uid: Cow<'a, str>,
    #[serde(borrow)]
    vid: Cow<'a, str>,
    pwv: u64,
    exp: u64,
}

impl Signer {
    /// The text of an access grant.
    #[must_use]
    pub fn sign_access(&self, grant: &AccessGrant) -> String {
        let payload = Payload {
            kid: self.key().id().into(),
            uid: (&grant.user_id).into(),
            vid: (&grant.video_id).into(),
            pwv: grant.passwords_version,
            exp: grant.expires_at_unix_s,
        };
        seal(&payload, self.key().mac_under(DOMAIN))
    }
}

impl Verifier {
    /// Reads an access grant. Whose it is, and of which video, whoever asks must compare.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn verify_access(&self, text: &str, now_unix_s: u64) -> Result<AccessGrant, Refusal> {
        let sealed = Sealed::parse(text)?;
        let payload: Payload<'_> = sealed.read()?;
        self.check(&sealed, DOMAIN, (&payload.kid, payload.exp), now_unix_s)?;
        Ok(AccessGrant {
            user_id: payload.uid.into_owned(),
            video_id: payload.vid.into_owned(),
            passwords_version: payload.pwv,
            expires_at_unix_s: payload.exp,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SessionGrant;
    use crate::key::test_key as key;

    fn grant() -> AccessGrant {
        AccessGrant {
            user_id: "user_1".to_owned(),
            video_id: "video_1".to_owned(),
            passwords_version: 7,
            expires_at_unix_s: 1_000,
        }
    }

    #[test]
    fn a_grant_is_good_until_it_expires_with_any_key_of_the_ring() {
        let text = Signer::new(key("old", "a")).sign_access(&grant());
        let verifier = Verifier::new([key("new", "b"), key("old", "a")]);
        assert_eq!(verifier.verify_access(&text, 999), Ok(grant()));
        assert_eq!(verifier.verify_access(&text, 1_000), Err(Refusal::Expired));
        assert_eq!(Verifier::new([key("new", "b")]).verify_access(&text, 999), Err(Refusal::UnknownKey));
        assert_eq!(Verifier::new([key("old", "c")]).verify_access(&text, 999), Err(Refusal::Signature));
    }

    #[test]
    fn no_change_of_a_grant_is_believed() {
        let (signer, verifier) = (Signer::new(key("k", "a")), Verifier::new([key("k", "a")]));
        let text = signer.sign_access(&grant());
        for (at, character) in text.char_indices() {
            let mut changed = text.clone();
            changed.replace_range(at..=at, if character == 'A' { "B" } else { "A" });
            assert!(verifier.verify_access(&changed, 0).is_err(), "character {at}");
        }
    }

    #[test]
    fn a_proof_of_a_session_is_none_of_a_password() {
        let (signer, verifier) = (Signer::new(key("k", "a")), Verifier::new([key("k", "a")]));
        let session = signer.sign_session(&SessionGrant {
            session_id: "playback_1".to_owned(),
            user_id: "user_1".to_owned(),
            video_id: "video_1".to_owned(),
            passwords_version: None,
            embedder: None,
            network: None,
            url_expires_at_unix_s: 900,
            expires_at_unix_s: 1_000,
        });
        assert_eq!(verifier.verify_access(&session, 0), Err(Refusal::Malformed));
        assert_eq!(verifier.verify_session(&signer.sign_access(&grant()), 0), Err(Refusal::Malformed));
    }
}
