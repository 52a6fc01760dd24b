//! What browsers are told (WebAuthn section 5.4 and 5.5), in the form that `PublicKeyCredential.parse…FromJSON` takes.

use crate::challenge::CHALLENGE_LIFE;
use crate::key::{EDDSA, ES256, RS256};
use crate::{Passkey, RelyingParty, encoded};
use schemars::JsonSchema;
use serde::Serialize;

const PUBLIC_KEY: &str = "public-key";
const REQUIRED: &str = "required";
const CHALLENGE_EXAMPLE: &str = "AAZGCo2zQADFhQrbZ2dvZ0V3Y3K5c3xw3R1l2uCq1yJYd0q7T7M1m8wqfWg8Vb2J0r4t1mYw9nM";
const CREDENTIAL_EXAMPLE: &str = "q83vEjRWeJCrze8SNFZ4kA";

/// Whose passkey is to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewPasskey<'a> {
    /// The account, in octets that tell nothing of its owner: they come back when the passkey is used.
    pub account: &'a [u8],
    /// What its owner knows the account by.
    pub email: &'a str,
    /// The platform's name.
    pub app_name: &'a str,
    /// The passkeys that the account has already.
    pub others: &'a [Passkey],
    /// To be answered.
    pub challenge: &'a str,
}

/// What a browser makes a passkey with: `PublicKeyCredentialCreationOptionsJSON` of WebAuthn.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PasskeyCreationOptions")]
pub struct CreationOptions {
    /// Who asks.
    rp: Party,
    /// For whom.
    user: User,
    /// To be answered within five minutes, once.
    #[schemars(example = CHALLENGE_EXAMPLE)]
    challenge: String,
    /// The algorithms that are taken, the best first.
    pub_key_cred_params: Vec<Parameters>,
    /// Milliseconds.
    #[schemars(example = 300_000)]
    timeout: i64,
    /// Passkeys that the account has: an authenticator that has one of them makes no other.
    exclude_credentials: Vec<Descriptor>,
    /// What the authenticator must be able to.
    authenticator_selection: Selection,
    /// How the authenticator is to prove its make: not at all.
    #[schemars(extend("const" = "none"))]
    attestation: &'static str,
}

/// What a browser shows a passkey for: `PublicKeyCredentialRequestOptionsJSON` of WebAuthn.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PasskeyRequestOptions")]
pub struct RequestOptions {
    /// To be answered within five minutes, once.
    #[schemars(example = CHALLENGE_EXAMPLE)]
    challenge: String,
    /// Milliseconds.
    #[schemars(example = 300_000)]
    timeout: i64,
    /// The domain that the passkeys are of.
    #[schemars(example = &"couch.example")]
    rp_id: String,
    /// The passkeys that will do; where there are none, any.
    allow_credentials: Vec<Descriptor>,
    /// Whether the authenticator must verify the person.
    #[schemars(extend("const" = "required"))]
    user_verification: &'static str,
}

/// A relying party.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PasskeyRelyingParty")]
struct Party {
    /// A domain.
    #[schemars(example = &"couch.example")]
    id: String,
    /// For people.
    #[schemars(example = &"MCSP")]
    name: String,
}

/// An account, as authenticators keep it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PasskeyUser")]
struct User {
    /// The user handle, in base64url.
    #[schemars(example = CREDENTIAL_EXAMPLE)]
    id: String,
    /// For people.
    #[schemars(example = &"ada@example.com")]
    name: String,
    /// For people.
    #[schemars(example = &"ada@example.com")]
    display_name: String,
}

/// An algorithm.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PasskeyParameters")]
struct Parameters {
    /// The kind of credential.
    #[schemars(extend("const" = "public-key"))]
    r#type: &'static str,
    /// Its number in COSE (RFC 9053).
    #[schemars(example = -7)]
    alg: i64,
}

/// A passkey, by its name.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PasskeyDescriptor")]
struct Descriptor {
    /// The kind of credential.
    #[schemars(extend("const" = "public-key"))]
    r#type: &'static str,
    /// In base64url.
    #[schemars(example = CREDENTIAL_EXAMPLE)]
    id: String,
}

/// What an authenticator must be able to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PasskeySelection")]
struct Selection {
    /// Whether it must find the passkey by itself.
    #[schemars(extend("const" = "required"))]
    resident_key: &'static str,
    /// The same, for browsers of Level 1.
    #[schemars(extend("const" = true))]
    require_resident_key: bool,
    /// Whether it must verify the person.
    #[schemars(extend("const" = "required"))]
    user_verification: &'static str,
}

impl RelyingParty {
    /// What a browser is to make a passkey with.
    pub fn creation_options(&self, new: NewPasskey<'_>) -> CreationOptions {
        CreationOptions {
            rp: Party { id: self.id().to_owned(), name: new.app_name.to_owned() },
            user: User {
                id: encoded(new.account),
                name: new.email.to_owned(),
                display_name: new.email.to_owned(),
            },
            challenge: new.challenge.to_owned(),
            pub_key_cred_params: [EDDSA, ES256, RS256]
                .map(|alg| Parameters { r#type: PUBLIC_KEY, alg })
                .into(),
            timeout: timeout_ms(),
            exclude_credentials: new.others.iter().map(descriptor).collect(),
            authenticator_selection: Selection {
                resident_key: REQUIRED,
                require_resident_key: true,
                user_verification: REQUIRED,
            },
            attestation: "none",
        }
    }

    /// What a browser is to show a passkey for: one of `allowed`, or any where there is none.
    pub fn request_options(&self, challenge: &str, allowed: &[Passkey]) -> RequestOptions {
        RequestOptions {
            challenge: challenge.to_owned(),
            timeout: timeout_ms(),
            rp_id: self.id().to_owned(),
            allow_credentials: allowed.iter().map(descriptor).collect(),
            user_verification: REQUIRED,
        }
    }
}

fn descriptor(passkey: &Passkey) -> Descriptor {
    Descriptor { r#type: PUBLIC_KEY, id: encoded(&passkey.credential_id) }
}

fn timeout_ms() -> i64 {
    CHALLENGE_LIFE.as_secs() * 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{Authenticator, party};
    use serde_json::json;

    #[test]
    fn they_have_the_form_of_the_specification() {
        let passkey = Authenticator::es256().passkey();
        let new = NewPasskey {
            account: &[1, 2, 3],
            email: "ada@example.com",
            app_name: "MCSP",
            others: std::slice::from_ref(&passkey),
            challenge: "Y2hhbGxlbmdl",
        };
        let known = json!([{"type": "public-key", "id": encoded(&passkey.credential_id)}]);
        assert_eq!(
            json!(party().creation_options(new)),
            json!({
                "rp": {"id": "example.com", "name": "MCSP"},
                "user": {"id": "AQID", "name": "ada@example.com", "displayName": "ada@example.com"},
                "challenge": "Y2hhbGxlbmdl",
                "pubKeyCredParams": [
                    {"type": "public-key", "alg": -8},
                    {"type": "public-key", "alg": -7},
                    {"type": "public-key", "alg": -257},
                ],
                "timeout": 300_000,
                "excludeCredentials": known,
                "authenticatorSelection":
                    {"residentKey": "required", "requireResidentKey": true, "userVerification": "required"},
                "attestation": "none",
            })
        );
        assert_eq!(
            json!(party().request_options("Y2hhbGxlbmdl", &[passkey])),
            json!({
                "challenge": "Y2hhbGxlbmdl", "timeout": 300_000, "rpId": "example.com",
                "allowCredentials": known, "userVerification": "required",
            })
        );
    }
}
