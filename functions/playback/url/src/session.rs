//! Session grants: what a player shows with its heartbeats, so that its session goes on where no store knows it.
//!
//! A grant is `base64url(payload) "." base64url(HMAC-SHA256(key, "session." base64url(payload)))`, and what a player shows
//! that asks where to load from has `"steering."` in the place of `"session."`; the payload is JSON:
//! `kid` the key's id, `sid` the session, `uid` whose it is, `vid` what it plays, `pwv` which passwords that had where it
//! asked for one, `emb` the origin of the page that embeds it, where one does, `net` the network that its manifest URL is
//! bound to, where it is, `url` the second (Unix time) at which that expires, `exp` the first second at which the grant is refused. What is signed begins with a word of
//! its own, so that no grant opens a path and no token of a path is a grant.

use crate::network::Network;
use crate::sealed::{Sealed, seal};
use crate::token::{Refusal, Signer, Verifier};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

const DOMAIN: &[u8] = b"session.";
/// Of what a player shows that asks where to load from: no heartbeat, and no end, takes it.
const STEERING_DOMAIN: &[u8] = b"steering.";

/// What a session is, as it was opened or last renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionGrant {
    /// `playback_…`
    pub session_id: String,
    /// `user_…`
    pub user_id: String,
    /// `video_…`
    pub video_id: String,
    /// Which passwords the video had, where it asked for one that the viewer gave.
    pub passwords_version: Option<u64>,
    /// The page of somebody else that it is played in, as browsers write its origin.
    pub embedder: Option<String>,
    /// The network that its manifest URL is bound to, where it is.
    pub network: Option<Network>,
    /// When its manifest URL expires.
    pub url_expires_at_unix_s: u64,
    /// The first second at which it is refused.
    pub expires_at_unix_s: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload<'a> {
    #[serde(borrow)]
    kid: Cow<'a, str>,
    #[serde(borrow)]
    sid: Cow<'a, str>,
    #[serde(borrow)]
    uid: Cow<'a, str>,
    #[serde(borrow)]
    vid: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pwv: Option<u64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    emb: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    net: Option<Cow<'a, str>>,
    url: u64,
    exp: u64,
}

impl Signer {
    /// The text of a session grant.
    #[must_use]
    pub fn sign_session(&self, grant: &SessionGrant) -> String {
        self.sign_under(DOMAIN, grant)
    }

    /// The text of what a player shows of its session that asks where to load from. It goes to the CDN, in the query of a URL: so it is
    /// none of a heartbeat's, and a heartbeat's is none of these.
    #[must_use]
    pub fn sign_steering(&self, grant: &SessionGrant) -> String {
        self.sign_under(STEERING_DOMAIN, grant)
    }

    fn sign_under(&self, domain: &[u8], grant: &SessionGrant) -> String {
        let payload = Payload {
            kid: self.key().id().into(),
            sid: (&grant.session_id).into(),
            uid: (&grant.user_id).into(),
            vid: (&grant.video_id).into(),
            pwv: grant.passwords_version,
            emb: grant.embedder.as_deref().map(Cow::Borrowed),
            net: grant.network.map(|network| network.to_string().into()),
            url: grant.url_expires_at_unix_s,
            exp: grant.expires_at_unix_s,
        };
        seal(&payload, self.key().mac_under(domain))
    }
}

impl Verifier {
    /// Reads a session grant. Whose it is, and of which session, whoever asks must compare.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn verify_session(&self, text: &str, now_unix_s: u64) -> Result<SessionGrant, Refusal> {
        self.verify_under(DOMAIN, text, now_unix_s)
    }

    /// Reads what a player shows that asks where to load from. Of which session, whoever asks must compare.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn verify_steering(&self, text: &str, now_unix_s: u64) -> Result<SessionGrant, Refusal> {
        self.verify_under(STEERING_DOMAIN, text, now_unix_s)
    }

    fn verify_under(&self, domain: &[u8], text: &str, now_unix_s: u64) -> Result<SessionGrant, Refusal> {
        let sealed = Sealed::parse(text)?;
        let payload: Payload<'_> = sealed.read()?;
        self.check(&sealed, domain, (&payload.kid, payload.exp), now_unix_s)?;
        Ok(SessionGrant {
            session_id: payload.sid.into_owned(),
            user_id: payload.uid.into_owned(),
            video_id: payload.vid.into_owned(),
            passwords_version: payload.pwv,
            embedder: payload.emb.map(Cow::into_owned),
            // What cannot be read was not signed here: then the URL is taken to be bound to none.
            network: payload.net.as_deref().and_then(Network::parse),
            url_expires_at_unix_s: payload.url,
            expires_at_unix_s: payload.exp,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Grant;
    use crate::key::test_key as key;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use hmac::Mac;

    fn grant() -> SessionGrant {
        SessionGrant {
            session_id: "playback_1".to_owned(),
            user_id: "user_1".to_owned(),
            video_id: "video_1".to_owned(),
            passwords_version: Some(7),
            embedder: Some("https://blog.example".to_owned()),
            network: Network::parse("192.0.2.0/24"),
            url_expires_at_unix_s: 900,
            expires_at_unix_s: 1_000,
        }
    }

    #[test]
    fn a_grant_is_good_until_it_expires_with_any_key_of_the_ring() {
        let text = Signer::new(key("old", "a")).sign_session(&grant());
        let verifier = Verifier::new([key("new", "b"), key("old", "a")]);
        assert_eq!(verifier.verify_session(&text, 999), Ok(grant()));
        assert_eq!(verifier.verify_session(&text, 1_000), Err(Refusal::Expired));
        let without = Verifier::new([key("new", "b")]);
        assert_eq!(without.verify_session(&text, 999), Err(Refusal::UnknownKey));
        let forged = Verifier::new([key("old", "c")]);
        assert_eq!(forged.verify_session(&text, 999), Err(Refusal::Signature));
    }

    #[test]
    fn what_steers_a_player_keeps_no_session_and_the_other_way_round() {
        let (signer, verifier) = (Signer::new(key("k", "a")), Verifier::new([key("k", "a")]));
        let (steers, keeps) = (signer.sign_steering(&grant()), signer.sign_session(&grant()));
        assert_eq!(verifier.verify_steering(&steers, 999), Ok(grant()));
        assert_eq!(verifier.verify_steering(&steers, 1_000), Err(Refusal::Expired));
        assert_eq!(verifier.verify_session(&steers, 999), Err(Refusal::Signature));
        assert_eq!(verifier.verify_steering(&keeps, 999), Err(Refusal::Signature));
    }

    #[test]
    fn no_character_of_a_grant_can_be_changed() {
        let text = Signer::new(key("k", "a")).sign_session(&grant());
        let verifier = Verifier::new([key("k", "a")]);
        // The last character holds bits that are no part of the signature, and must be zero.
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(verifier.verify_session(&changed, 0).is_err(), "character {at}");
        }
        assert_eq!(verifier.verify_session("", 0), Err(Refusal::Malformed));
        assert_eq!(verifier.verify_session(&"A".repeat(5_000), 0), Err(Refusal::Malformed));
    }

    #[test]
    fn a_grant_opens_no_path_and_a_paths_token_is_no_grant() {
        let signer = Signer::new(key("k", "a"));
        let verifier = Verifier::new([key("k", "a")]);
        let token = signer.sign(&Grant::new("packaged/video_1/", "playback_1", 1_000).unwrap());
        assert!(verifier.verify_session(&token, 0).is_err());
        assert!(verifier.verify(&signer.sign_session(&grant()), "packaged/video_1/a", 0).is_err());
        // Not by its form alone: the same payload with a path's signature.
        let text = signer.sign_session(&grant());
        let signed = text.split('.').next().unwrap();
        let mut of_a_path = key("k", "a").mac();
        of_a_path.update(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(of_a_path.finalize().into_bytes());
        assert_eq!(verifier.verify_session(&format!("{signed}.{signature}"), 0), Err(Refusal::Signature));
    }
}
