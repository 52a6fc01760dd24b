//! A new passkey (WebAuthn section 7.1).

use crate::authenticator_data::{AuthenticatorData, item};
use crate::client_data::{self, CREATE};
use crate::key::{PublicKey, integer};
use crate::{Passkey, Refused, RelyingParty, decoded};
use ciborium::Value;
use schemars::JsonSchema;
use serde::Deserialize;

const MALFORMED: Refused = Refused::Malformed("the attestation object");

/// What a browser gives for a new passkey: `RegistrationResponseJSON` of WebAuthn. Members that are not listed are
/// passed over.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PasskeyRegistration")]
pub struct RegistrationResponse {
    /// The passkey's name among those of the authenticator, in base64url.
    #[schemars(example = &"q83vEjRWeJCrze8SNFZ4kA")]
    pub raw_id: String,
    /// `public-key`
    #[schemars(extend("const" = "public-key"))]
    pub r#type: String,
    /// What the authenticator said.
    pub response: AttestationResponse,
}

/// What an authenticator says of a new passkey.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PasskeyAttestationResponse")]
pub struct AttestationResponse {
    /// What the browser says of the ceremony, in base64url.
    #[serde(rename = "clientDataJSON")]
    #[schemars(example = &"eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0")]
    pub client_data_json: String,
    /// What the authenticator says, in base64url.
    #[schemars(example = &"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVgl")]
    pub attestation_object: String,
}

impl RegistrationResponse {
    /// The challenge that it answers, before anything is checked.
    pub fn challenge(&self) -> Option<String> {
        client_data::challenge_of(&decoded(&self.response.client_data_json, "clientDataJSON").ok()?)
    }
}

impl RelyingParty {
    /// Checks all of section 7.1 that can be checked without a store: that no other account has the passkey, its
    /// unique index tells.
    pub fn register(&self, challenge: &str, given: &RegistrationResponse) -> Result<Passkey, Refused> {
        if given.r#type != "public-key" {
            return Err(Refused::Malformed("the type"));
        }
        let client_data = decoded(&given.response.client_data_json, "clientDataJSON")?;
        let client_data_hash = client_data::check(&client_data, CREATE, challenge, self)?;
        let object = decoded(&given.response.attestation_object, "the attestation object")?;
        let attestation = Attestation::parse(&object)?;
        let data = AuthenticatorData::parse(&attestation.authenticator_data)?;
        data.check(self)?;
        let (id, key_bytes) = data.credential.ok_or(MALFORMED)?;
        if decoded(&given.raw_id, "the id")? != id {
            return Err(Refused::OtherCredential);
        }
        let key = PublicKey::parse(key_bytes)?;
        attestation.check(&key, &client_data_hash)?;
        Ok(Passkey {
            credential_id: id.to_vec(),
            public_key: key_bytes.to_vec(),
            sign_count: data.sign_count,
            backup_eligible: data.is_backup_eligible(),
            backed_up: data.is_backed_up(),
        })
    }
}

/// An attestation object (section 6.5.4).
struct Attestation {
    format: String,
    statement: Vec<(Value, Value)>,
    authenticator_data: Vec<u8>,
}

impl Attestation {
    fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        let (object, rest) = item(bytes).map_err(|_| MALFORMED)?;
        let mut members = object.into_map().map_err(|_| MALFORMED)?;
        if !rest.is_empty() {
            return Err(MALFORMED);
        }
        let mut take = |name: &str| {
            let place = members.iter().position(|(key, _)| key.as_text() == Some(name))?;
            Some(members.swap_remove(place).1)
        };
        let format = take("fmt").and_then(|value| value.into_text().ok());
        let statement = take("attStmt").and_then(|value| value.into_map().ok());
        let authenticator_data = take("authData").and_then(|value| value.into_bytes().ok());
        match (format, statement, authenticator_data) {
            (Some(format), Some(statement), Some(authenticator_data)) => {
                Ok(Attestation { format, statement, authenticator_data })
            }
            _ => Err(MALFORMED),
        }
    }

    /// None was asked for. Browsers leave one in place that says nothing of the make: the passkey's own signature.
    fn check(&self, key: &PublicKey, client_data_hash: &[u8; 32]) -> Result<(), Refused> {
        match self.format.as_str() {
            "none" if self.statement.is_empty() => Ok(()),
            "packed" => self.check_own_signature(key, client_data_hash),
            _ => Err(Refused::UnsupportedAttestation),
        }
    }

    /// Section 8.2, self attestation.
    fn check_own_signature(&self, key: &PublicKey, client_data_hash: &[u8; 32]) -> Result<(), Refused> {
        let member = |name| self.statement.iter().find(|(key, _)| key.as_text() == Some(name));
        let algorithm = member("alg").and_then(|(_, value)| integer(value));
        let signature = member("sig").and_then(|(_, value)| value.as_bytes());
        let (None, Some(algorithm), Some(signature)) = (member("x5c"), algorithm, signature) else {
            return Err(Refused::UnsupportedAttestation);
        };
        if algorithm != key.algorithm() {
            return Err(Refused::UnsupportedAttestation);
        }
        key.verify(&[&self.authenticator_data[..], client_data_hash].concat(), signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{
        Authenticator, CHALLENGE, UP, UV, cbor, client_data as said, encode, integer as number, map, party,
    };

    /// What is answered to a registration in which one thing is other than it should be.
    fn refused(change: impl FnOnce(&mut Authenticator)) -> Refused {
        let mut authenticator = Authenticator::es256();
        change(&mut authenticator);
        party().register(CHALLENGE, &authenticator.registration()).unwrap_err()
    }

    #[test]
    fn a_passkey_of_each_algorithm_is_registered_and_can_be_used() {
        for authenticator in [Authenticator::es256(), Authenticator::eddsa()] {
            let response = authenticator.registration();
            assert_eq!(response.challenge().as_deref(), Some(CHALLENGE));
            let passkey = party().register(CHALLENGE, &response).unwrap();
            assert_eq!(passkey, authenticator.passkey());
            assert!(PublicKey::parse(&passkey.public_key).is_ok());
        }
    }

    #[test]
    fn steps_7_to_11_what_the_browser_says_must_fit() {
        for (what, json, expected) in [
            ("another ceremony", said("webauthn.get", CHALLENGE), Refused::OtherCeremony),
            ("another challenge", said("webauthn.create", "b3RoZXI"), Refused::OtherChallenge),
            (
                "another origin",
                said("webauthn.create", CHALLENGE).replace("auth.example.com", "auth.example.com.evil.com"),
                Refused::OtherOrigin,
            ),
            (
                "the origin without TLS",
                said("webauthn.create", CHALLENGE).replace("https", "http"),
                Refused::OtherOrigin,
            ),
            (
                "a frame of another site",
                said("webauthn.create", CHALLENGE).replace("false", "true"),
                Refused::CrossOrigin,
            ),
            (
                "below another page",
                said("webauthn.create", CHALLENGE).replace('}', r#","topOrigin":"https://evil.com"}"#),
                Refused::CrossOrigin,
            ),
            ("no JSON", "{".to_owned(), Refused::Malformed("clientDataJSON")),
            (
                "no challenge",
                said("webauthn.create", CHALLENGE).replace("challenge", "x"),
                Refused::Malformed("clientDataJSON"),
            ),
        ] {
            assert_eq!(refused(|authenticator| authenticator.client_data = Some(json)), expected, "{what}");
        }
    }

    #[test]
    fn step_14_it_must_be_of_this_relying_party() {
        assert_eq!(refused(|a| a.rp_id = "evil.com"), Refused::OtherRelyingParty);
    }

    #[test]
    fn steps_15_to_17_the_flags_must_say_present_verified_and_no_nonsense() {
        assert_eq!(refused(|a| a.flags = UV), Refused::NotPresent);
        assert_eq!(refused(|a| a.flags = UP), Refused::NotVerified);
        assert_eq!(refused(|a| a.flags = UP | UV | 1 << 4), Refused::BackupFlags);
    }

    #[test]
    fn step_20_the_key_must_be_of_an_algorithm_that_was_asked_for() {
        let es256 = Authenticator::es256().key();
        let changed = |label: i64, value: Option<Value>| {
            let members = es256.iter().filter(|(key, _)| integer(key) != Some(label)).cloned();
            map(members.chain(value.map(|value| (number(label), value))))
        };
        for (what, key) in [
            ("RS256", changed(3, Some(number(-257)))),
            ("ES384", changed(3, Some(number(-35)))),
            ("no algorithm", changed(3, None)),
            ("an algorithm of another key", changed(3, Some(number(-8)))),
            ("another type", changed(1, Some(number(1)))),
            ("another curve", changed(-1, Some(number(2)))),
            ("half a point", changed(-3, None)),
            ("a short coordinate", changed(-2, Some(Value::Bytes(vec![1; 31])))),
            ("no point of the curve", changed(-2, Some(Value::Bytes(vec![1; 32])))),
            ("a label twice", map(es256.iter().cloned().chain([(number(3), number(-7))]))),
            ("no map", number(1)),
        ] {
            assert_eq!(refused(|a| a.public_key = Some(cbor(&key))), Refused::UnsupportedKey, "{what}");
        }
        let identity = Value::Bytes([vec![1], vec![0; 31]].concat());
        let weak = map([
            (number(1), number(1)),
            (number(3), number(-8)),
            (number(-1), number(6)),
            (number(-2), identity),
        ]);
        assert_eq!(refused(|a| a.public_key = Some(cbor(&weak))), Refused::UnsupportedKey, "of small order");
    }

    #[test]
    fn step_22_to_24_no_attestation_is_taken_but_none_and_the_keys_own() {
        for authenticator in [Authenticator::es256(), Authenticator::eddsa()] {
            let own = authenticator.registration_with_own_signature(|_| {});
            assert!(party().register(CHALLENGE, &own).is_ok());
            let forged = authenticator.registration_with_own_signature(|signature| signature[20] ^= 1);
            assert_eq!(party().register(CHALLENGE, &forged), Err(Refused::BadSignature));
        }
        let text = |text: &str| Value::Text(text.to_owned());
        let something = map([(text("sig"), Value::Bytes(vec![1]))]);
        let alg = |alg: i64| map([(text("alg"), number(alg)), (text("sig"), Value::Bytes(vec![1]))]);
        let certified = map([
            (text("alg"), number(-7)),
            (text("sig"), Value::Bytes(vec![1])),
            (text("x5c"), Value::Array(vec![Value::Bytes(vec![1])])),
        ]);
        for (format, statement) in [
            ("none", something.clone()),
            ("packed", map([])),
            ("packed", something.clone()),
            ("packed", alg(-8)),
            ("packed", certified),
            ("fido-u2f", something.clone()),
            ("tpm", something),
            ("", map([])),
        ] {
            let refused = refused(|a| a.attestation = (format, statement));
            assert_eq!(refused, Refused::UnsupportedAttestation, "{format}");
        }
        assert_eq!(refused(|a| a.attestation = ("packed", alg(-7))), Refused::BadSignature);
    }

    #[test]
    fn step_25_an_id_has_1_to_1023_octets() {
        for (length, is_taken) in [(1, true), (1023, true), (1024, false), (0, false)] {
            let mut authenticator = Authenticator::es256();
            authenticator.id = vec![7; length];
            let registered = party().register(CHALLENGE, &authenticator.registration());
            assert_eq!(registered.is_ok(), is_taken, "{length}");
        }
    }

    #[test]
    fn the_id_is_that_of_the_signed_data() {
        let mut response = Authenticator::es256().registration();
        response.raw_id = encode([1, 2, 3]);
        assert_eq!(party().register(CHALLENGE, &response), Err(Refused::OtherCredential));
        response.r#type = "password".to_owned();
        assert_eq!(party().register(CHALLENGE, &response), Err(Refused::Malformed("the type")));
    }

    #[test]
    fn what_is_cut_off_or_goes_on_is_malformed() {
        let whole = Authenticator::es256().registration();
        let object = crate::decoded(&whole.response.attestation_object, "").unwrap();
        let with = |object: &[u8]| {
            let mut response = whole.clone();
            response.response.attestation_object = encode(object);
            party().register(CHALLENGE, &response)
        };
        assert!(with(&object).is_ok());
        for end in 0..object.len() {
            assert!(with(&object[..end]).is_err(), "{end}");
        }
        assert_eq!(with(&[&object[..], &[0]].concat()), Err(MALFORMED));
        for deep in [vec![0x81; 100_000], vec![0xa1; 100_000], vec![0x5b, 0xff, 0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(with(&deep), Err(MALFORMED));
        }
        let data = Refused::Malformed("the authenticator data");
        assert_eq!(refused(|a| a.trailing = vec![0]), data, "octets that no flag announces");
        assert_eq!(refused(|a| a.flags |= 1 << 7), data, "extensions that are not there");
        let mut extended = Authenticator::es256();
        extended.flags |= 1 << 7;
        extended.trailing = cbor(&map([(Value::Text("credProtect".into()), number(2))]));
        assert!(party().register(CHALLENGE, &extended.registration()).is_ok());
        extended.trailing = cbor(&number(2));
        assert_eq!(party().register(CHALLENGE, &extended.registration()), Err(data), "no map");
        assert_eq!(refused(|a| a.flags &= !(1 << 6)), MALFORMED, "no passkey in it");
        assert_eq!(with(b""), Err(MALFORMED));
        let mut response = whole.clone();
        response.response.attestation_object = "not base64!".to_owned();
        assert_eq!(party().register(CHALLENGE, &response), Err(MALFORMED));
    }
}
