//! Licence tokens: what a player shows for the keys of a protected video, once.
//!
//! A token is a JWS in compact form (RFC 7515) with HMAC-SHA256 (`HS256`), so that a licence server can check it with any
//! library. Its header names the key (`kid`) and its kind (`typ`), `licence+jwt`; it claims `jti` its own id, `sub` whose session
//! it is, `sid` the session, `vid` the video, `kids` the ids of the keys that it is for, `seed` what these are derived from,
//! `rob` how well the keys must be kept, `out` where the picture may be shown, `iat` and `exp` its times; and `per`, where the
//! keys may be kept to play without a network, the second (Unix time) until which.

use crate::key::Key;
use crate::sealed::{Sealed, seal};
use crate::token::{Refusal, Signer, Verifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::borrow::Cow;
use uuid::Uuid;

/// A licence token is good for so long.
pub const LICENCE_TOKEN_TTL_S: u32 = 5 * 60;

const ALGORITHM: &str = "HS256";
const TYPE: &str = "licence+jwt";

/// The right to the keys of a video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceGrant {
    /// Of this token and no other.
    #[serde(rename = "jti")]
    pub id: String,
    /// `user_…`
    #[serde(rename = "sub")]
    pub user_id: String,
    /// `playback_…`
    #[serde(rename = "sid")]
    pub session_id: String,
    /// `video_…`
    #[serde(rename = "vid")]
    pub video_id: String,
    /// The keys that may be given.
    #[serde(rename = "kids")]
    pub key_ids: Vec<Uuid>,
    /// The id of the seed that they are derived from.
    #[serde(rename = "seed")]
    pub seed_id: String,
    /// How well the keys must be kept.
    #[serde(rename = "rob")]
    pub robustness: String,
    /// Where the picture may be shown.
    #[serde(rename = "out")]
    pub output: String,
    /// Until when the keys may be kept to play without a network; none where only as long as the video is played.
    #[serde(rename = "per", default, skip_serializing_if = "Option::is_none")]
    pub kept_until_unix_s: Option<u64>,
    /// When it was made.
    #[serde(rename = "iat")]
    pub issued_at_unix_s: u64,
    /// The first second at which it is refused.
    #[serde(rename = "exp")]
    pub expires_at_unix_s: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    alg: Cow<'a, str>,
    kid: Cow<'a, str>,
    typ: Cow<'a, str>,
}

impl Signer {
    /// The text of a licence token.
    #[must_use]
    pub fn sign_licence(&self, grant: &LicenceGrant) -> String {
        let header = Header { alg: ALGORITHM.into(), kid: self.key().id().into(), typ: TYPE.into() };
        // Strings: there is nothing in it that JSON cannot hold.
        let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).unwrap_or_default());
        let sealed = seal(grant, mac(self.key(), &header));
        format!("{header}.{sealed}")
    }
}

impl Verifier {
    /// Reads a licence token. Whose it is, and whether it was shown before, whoever asks must find out.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn verify_licence(&self, text: &str, now_unix_s: u64) -> Result<LicenceGrant, Refusal> {
        let (header, rest) = text.split_once('.').ok_or(Refusal::Malformed)?;
        let sealed = Sealed::parse(rest)?;
        let json = URL_SAFE_NO_PAD.decode(header).map_err(|_| Refusal::Malformed)?;
        let Header { alg, kid, typ } = serde_json::from_slice(&json).map_err(|_| Refusal::Malformed)?;
        if alg != ALGORITHM || typ != TYPE {
            return Err(Refusal::Malformed);
        }
        sealed.check(mac(self.key(&kid)?, header))?;
        let grant: LicenceGrant = sealed.read()?;
        if now_unix_s >= grant.expires_at_unix_s {
            return Err(Refusal::Expired);
        }
        Ok(grant)
    }
}

/// What is signed begins with the header.
fn mac(key: &Key, header: &str) -> Hmac<Sha256> {
    key.mac().chain_update(header.as_bytes()).chain_update(b".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::test_key as key;

    fn grant() -> LicenceGrant {
        LicenceGrant {
            id: "licence_1".to_owned(),
            user_id: "user_1".to_owned(),
            session_id: "playback_1".to_owned(),
            video_id: "video_1".to_owned(),
            key_ids: vec![Uuid::from_u128(1), Uuid::from_u128(2)],
            seed_id: "s1".to_owned(),
            robustness: "software".to_owned(),
            output: "any".to_owned(),
            kept_until_unix_s: None,
            issued_at_unix_s: 700,
            expires_at_unix_s: 1_000,
        }
    }

    #[test]
    fn a_token_is_good_until_it_expires_with_any_key_of_the_ring() {
        let text = Signer::new(key("old", "a")).sign_licence(&grant());
        let verifier = Verifier::new([key("new", "b"), key("old", "a")]);
        assert_eq!(verifier.verify_licence(&text, 999), Ok(grant()));
        assert_eq!(verifier.verify_licence(&text, 1_000), Err(Refusal::Expired));
        assert_eq!(Verifier::new([key("new", "b")]).verify_licence(&text, 999), Err(Refusal::UnknownKey));
        assert_eq!(Verifier::new([key("old", "c")]).verify_licence(&text, 999), Err(Refusal::Signature));
    }

    #[test]
    fn a_token_says_until_when_keys_are_kept_and_one_of_before_says_nothing() {
        let (signer, verifier) = (Signer::new(key("k", "a")), Verifier::new([key("k", "a")]));
        let kept = LicenceGrant { kept_until_unix_s: Some(9_000), ..grant() };
        assert_eq!(verifier.verify_licence(&signer.sign_licence(&kept), 999), Ok(kept));
        let before = signer.sign_licence(&grant());
        let claims = before.split('.').nth(1).unwrap();
        assert!(!String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap().contains("per"));
        assert_eq!(verifier.verify_licence(&before, 999), Ok(grant()));
    }

    #[test]
    fn no_character_of_a_token_can_be_changed() {
        let text = Signer::new(key("k", "a")).sign_licence(&grant());
        let verifier = Verifier::new([key("k", "a")]);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(verifier.verify_licence(&changed, 0).is_err(), "character {at}");
        }
    }

    /// Whoever could say how it is signed could leave it unsigned.
    #[test]
    fn a_token_of_another_algorithm_or_kind_is_none() {
        let (signer, verifier) = (key("k", "a"), Verifier::new([key("k", "a")]));
        for (alg, typ) in [("none", TYPE), ("HS512", TYPE), (ALGORITHM, "at+jwt")] {
            let header = Header { alg: alg.into(), kid: "k".into(), typ: typ.into() };
            let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).unwrap());
            let text = format!("{header}.{}", seal(&grant(), mac(&signer, &header)));
            assert_eq!(verifier.verify_licence(&text, 0), Err(Refusal::Malformed), "{alg} {typ}");
        }
    }
}
