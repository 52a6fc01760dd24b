//! A passkey that is shown (WebAuthn section 7.2).

use crate::authenticator_data::AuthenticatorData;
use crate::client_data::{self, GET};
use crate::key::PublicKey;
use crate::{Passkey, Refused, RelyingParty, decoded};
use schemars::JsonSchema;
use serde::Deserialize;

/// What a browser gives for a passkey that is shown: `AuthenticationResponseJSON` of WebAuthn. Members that are not
/// listed are passed over.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PasskeyAuthentication")]
pub struct AuthenticationResponse {
    /// Which passkey, in base64url.
    #[schemars(example = &"q83vEjRWeJCrze8SNFZ4kA")]
    pub raw_id: String,
    /// `public-key`
    #[schemars(extend("const" = "public-key"))]
    pub r#type: String,
    /// What the authenticator said.
    pub response: AssertionResponse,
}

/// What an authenticator says when a passkey is shown.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PasskeyAssertionResponse")]
pub struct AssertionResponse {
    /// What the browser says of the ceremony, in base64url.
    #[serde(rename = "clientDataJSON")]
    #[schemars(example = &"eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0")]
    pub client_data_json: String,
    /// What the authenticator says, in base64url.
    #[schemars(example = &"o3mm9u6vuaVeN4wRgDTidR5oL6ufLTCrE9ISVYbOGUcFAAAAAQ")]
    pub authenticator_data: String,
    /// The passkey's signature over both, in base64url.
    #[schemars(example = &"MEUCIQDx8e0")]
    pub signature: String,
    /// Whose it is, in base64url. It is needed where nothing else tells.
    #[schemars(example = &"AZrbIhyAcACAAAAAAAAAAQ")]
    pub user_handle: Option<String>,
}

/// What is known of a passkey after it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// How often it was used, where it counts; otherwise 0.
    pub sign_count: u32,
    /// Whether it has been copied to other devices of its owner.
    pub backed_up: bool,
}

impl AuthenticationResponse {
    /// The challenge that it answers, before anything is checked.
    pub fn challenge(&self) -> Option<String> {
        client_data::challenge_of(&decoded(&self.response.client_data_json, "clientDataJSON").ok()?)
    }

    /// Which passkey it says that it is.
    pub fn credential_id(&self) -> Result<Vec<u8>, Refused> {
        decoded(&self.raw_id, "the id")
    }

    /// Whose passkey it says that it is.
    pub fn user_handle(&self) -> Result<Option<Vec<u8>>, Refused> {
        self.response.user_handle.as_deref().map(|text| decoded(text, "the user handle")).transpose()
    }
}

impl RelyingParty {
    /// Checks all of section 7.2 but whose passkey it is: that is the caller's to know.
    pub fn verify(
        &self,
        challenge: &str,
        passkey: &Passkey,
        given: &AuthenticationResponse,
    ) -> Result<Shown, Refused> {
        if given.r#type != "public-key" {
            return Err(Refused::Malformed("the type"));
        }
        if given.credential_id()? != passkey.credential_id {
            return Err(Refused::OtherCredential);
        }
        let client_data = decoded(&given.response.client_data_json, "clientDataJSON")?;
        let client_data_hash = client_data::check(&client_data, GET, challenge, self)?;
        let signed = decoded(&given.response.authenticator_data, "the authenticator data")?;
        let data = AuthenticatorData::parse(&signed)?;
        data.check(self)?;
        if data.is_backup_eligible() != passkey.backup_eligible {
            return Err(Refused::BackupFlags);
        }
        let signature = decoded(&given.response.signature, "the signature")?;
        PublicKey::parse(&passkey.public_key)?
            .verify(&[&signed[..], &client_data_hash].concat(), &signature)?;
        let counts = data.sign_count != 0 || passkey.sign_count != 0;
        if counts && data.sign_count <= passkey.sign_count {
            return Err(Refused::CounterWentBack);
        }
        Ok(Shown { sign_count: data.sign_count, backed_up: data.is_backed_up() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{Authenticator, CHALLENGE, UP, UV, client_data as said, encode, party};

    /// What is answered to an assertion in which one thing is other than it should be.
    fn refused(change: impl FnOnce(&mut Authenticator)) -> Refused {
        let mut authenticator = Authenticator::es256();
        let passkey = authenticator.passkey();
        change(&mut authenticator);
        party().verify(CHALLENGE, &passkey, &authenticator.assertion()).unwrap_err()
    }

    #[test]
    fn a_passkey_of_each_algorithm_is_verified() {
        for mut authenticator in [Authenticator::es256(), Authenticator::eddsa()] {
            let passkey = authenticator.passkey();
            authenticator.sign_count += 1;
            let response = authenticator.assertion();
            assert_eq!(response.challenge().as_deref(), Some(CHALLENGE));
            assert_eq!(response.user_handle(), Ok(Some(vec![1, 2, 3])));
            let shown = party().verify(CHALLENGE, &passkey, &response).unwrap();
            assert_eq!(shown, Shown { sign_count: authenticator.sign_count, backed_up: false });
        }
    }

    #[test]
    fn step_5_it_must_be_the_passkey_that_it_says() {
        assert_eq!(refused(|a| a.id = vec![9; 16]), Refused::OtherCredential);
    }

    #[test]
    fn steps_10_to_14_what_the_browser_says_must_fit() {
        for (what, json, expected) in [
            ("another ceremony", said("webauthn.create", CHALLENGE), Refused::OtherCeremony),
            ("another challenge", said("webauthn.get", "b3RoZXI"), Refused::OtherChallenge),
            (
                "another origin",
                said("webauthn.get", CHALLENGE).replace("auth.example.com", "evil.com"),
                Refused::OtherOrigin,
            ),
            ("another case", said("webauthn.get", CHALLENGE).replace("https", "HTTPS"), Refused::OtherOrigin),
            (
                "a frame of another site",
                said("webauthn.get", CHALLENGE).replace("false", "true"),
                Refused::CrossOrigin,
            ),
            (
                "below another page",
                said("webauthn.get", CHALLENGE).replace('}', r#","topOrigin":"https://evil.com"}"#),
                Refused::CrossOrigin,
            ),
            ("no JSON", "[]".to_owned(), Refused::Malformed("clientDataJSON")),
        ] {
            assert_eq!(refused(|authenticator| authenticator.client_data = Some(json)), expected, "{what}");
        }
    }

    #[test]
    fn step_15_it_must_be_of_this_relying_party() {
        assert_eq!(refused(|a| a.rp_id = "auth.example.com"), Refused::OtherRelyingParty);
    }

    #[test]
    fn steps_16_to_19_the_flags_must_say_present_verified_and_what_they_said_before() {
        assert_eq!(refused(|a| a.flags = UV), Refused::NotPresent);
        assert_eq!(refused(|a| a.flags = UP), Refused::NotVerified);
        assert_eq!(refused(|a| a.flags = UP | UV | 1 << 4), Refused::BackupFlags);
        assert_eq!(refused(|a| a.flags = UP | UV | 1 << 3), Refused::BackupFlags, "not eligible before");
        let mut synced = Authenticator::es256();
        synced.flags = UP | UV | 1 << 3;
        let passkey = synced.passkey();
        (synced.flags, synced.sign_count) = (UP | UV | 1 << 3 | 1 << 4, 9);
        assert!(party().verify(CHALLENGE, &passkey, &synced.assertion()).unwrap().backed_up);
        synced.flags = UP | UV;
        let verified = party().verify(CHALLENGE, &passkey, &synced.assertion());
        assert_eq!(verified, Err(Refused::BackupFlags), "eligible before");
    }

    #[test]
    fn step_21_the_signature_must_be_the_keys_over_all_of_it() {
        for mut authenticator in [Authenticator::es256(), Authenticator::eddsa()] {
            let passkey = authenticator.passkey();
            authenticator.sign_count += 1;
            let right = authenticator.assertion();
            let with = |change: &dyn Fn(&mut AssertionResponse)| {
                let mut response = right.clone();
                change(&mut response.response);
                party().verify(CHALLENGE, &passkey, &response)
            };
            let flipped = |text: &str, place: usize| {
                let mut bytes = decoded(text, "").unwrap();
                bytes[place] ^= 1;
                encode(bytes)
            };
            assert!(with(&|_| {}).is_ok());
            for wrong in
                ["", "AAAA", &right.response.signature[4..], &format!("{}AAAA", right.response.signature)]
            {
                assert_eq!(with(&|r| r.signature = wrong.to_owned()), Err(Refused::BadSignature), "{wrong}");
            }
            let signature = flipped(&right.response.signature, 20);
            assert_eq!(with(&|r| r.signature = signature.clone()), Err(Refused::BadSignature));
            let higher_count = flipped(&right.response.authenticator_data, 34);
            assert_eq!(with(&|r| r.authenticator_data = higher_count.clone()), Err(Refused::BadSignature));
            let spaced = encode(format!("{} ", said("webauthn.get", CHALLENGE)));
            assert_eq!(with(&|r| r.client_data_json = spaced.clone()), Err(Refused::BadSignature));
            let another =
                Passkey { public_key: Authenticator::other().passkey().public_key, ..passkey.clone() };
            assert_eq!(party().verify(CHALLENGE, &another, &right), Err(Refused::BadSignature));
            let broken = Passkey { public_key: vec![1], ..passkey.clone() };
            assert_eq!(party().verify(CHALLENGE, &broken, &right), Err(Refused::UnsupportedKey));
        }
    }

    #[test]
    fn step_22_a_counter_that_does_not_rise_is_told_and_none_at_all_is_right() {
        for (before, now, expected) in [
            (0, 0, Ok(0)),
            (0, 1, Ok(1)),
            (5, 6, Ok(6)),
            (5, u32::MAX, Ok(u32::MAX)),
            (5, 5, Err(Refused::CounterWentBack)),
            (5, 4, Err(Refused::CounterWentBack)),
            (5, 0, Err(Refused::CounterWentBack)),
        ] {
            let mut authenticator = Authenticator::es256();
            authenticator.sign_count = before;
            let passkey = authenticator.passkey();
            authenticator.sign_count = now;
            let verified = party().verify(CHALLENGE, &passkey, &authenticator.assertion());
            assert_eq!(verified.map(|shown| shown.sign_count), expected, "{before} {now}");
        }
    }

    #[test]
    fn what_is_cut_off_or_goes_on_is_malformed() {
        let data = Refused::Malformed("the authenticator data");
        assert_eq!(refused(|a| a.trailing = vec![0]), data);
        let authenticator = Authenticator::es256();
        let whole = authenticator.assertion();
        let bytes = decoded(&whole.response.authenticator_data, "").unwrap();
        for end in 0..bytes.len() {
            let mut response = whole.clone();
            response.response.authenticator_data = encode(&bytes[..end]);
            assert_eq!(party().verify(CHALLENGE, &authenticator.passkey(), &response), Err(data), "{end}");
        }
        let mut response = whole;
        response.response.user_handle = Some("not base64!".to_owned());
        assert_eq!(response.user_handle(), Err(Refused::Malformed("the user handle")));
        response.r#type = "password".to_owned();
        let verified = party().verify(CHALLENGE, &authenticator.passkey(), &response);
        assert_eq!(verified, Err(Refused::Malformed("the type")));
    }
}
