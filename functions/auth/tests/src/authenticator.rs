//! An authenticator with one passkey, and the browser before it, as far as WebAuthn needs them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value as Cbor;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Where the testbed's pages are.
const ORIGIN: &str = "http://auth.example";
const PRESENT_AND_VERIFIED: u8 = 0b101;
const SYNCED: u8 = 0b1_1000;
const ATTESTED: u8 = 0b100_0000;

/// One passkey.
pub struct Authenticator {
    key: SigningKey,
    id: Vec<u8>,
    user_handle: Option<Vec<u8>>,
    /// How often it was used; it counts from 1.
    pub count: u32,
    is_synced: bool,
    /// The origin of the page that asks.
    origin: String,
}

impl Default for Authenticator {
    fn default() -> Self {
        let seed = Sha256::digest(Uuid::new_v4().as_bytes());
        Authenticator {
            key: SigningKey::from_slice(&seed).unwrap(),
            id: Uuid::new_v4().as_bytes().to_vec(),
            user_handle: None,
            count: 0,
            is_synced: false,
            origin: ORIGIN.to_owned(),
        }
    }
}

impl Authenticator {
    /// A passkey that its owner's other devices have too.
    pub fn synced() -> Self {
        Authenticator { is_synced: true, ..Authenticator::default() }
    }

    /// The same, before a page of another origin.
    pub fn lured_to(&self, origin: &str) -> Self {
        Authenticator { origin: origin.to_owned(), ..self.copied() }
    }

    /// `navigator.credentials.create`: makes the passkey for the options of an enrolment.
    pub fn create(&mut self, options: &Value) -> Value {
        self.user_handle = Some(URL_SAFE_NO_PAD.decode(text(&options["user"]["id"])).unwrap());
        let mut data = self.data(text(&options["rp"]["id"]), ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(self.cose_key());
        let word = |word: &str| Cbor::Text(word.to_owned());
        let object = Cbor::Map(vec![
            (word("fmt"), word("none")),
            (word("attStmt"), Cbor::Map(Vec::new())),
            (word("authData"), Cbor::Bytes(data)),
        ]);
        json!({
            "id": encoded(&self.id), "rawId": encoded(&self.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(self.client_data("webauthn.create", options)),
                "attestationObject": encoded(cbor(&object)), "transports": ["internal"],
            },
        })
    }

    /// `navigator.credentials.get`: shows the passkey for the options of a request.
    pub fn get(&mut self, options: &Value) -> Value {
        self.count += 1;
        let data = self.data(text(&options["rpId"]), 0);
        let client_data = self.client_data("webauthn.get", options);
        let signature: DerSignature = self.key.sign(&[&data[..], &Sha256::digest(&client_data)].concat());
        json!({
            "id": encoded(&self.id), "rawId": encoded(&self.id), "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(client_data), "authenticatorData": encoded(data),
                "signature": encoded(signature.as_bytes()),
                "userHandle": self.user_handle.as_ref().map(encoded),
            },
        })
    }

    /// The same passkey in a second place.
    pub fn copied(&self) -> Self {
        Authenticator {
            key: self.key.clone(),
            id: self.id.clone(),
            user_handle: self.user_handle.clone(),
            count: self.count,
            is_synced: self.is_synced,
            origin: self.origin.clone(),
        }
    }

    fn client_data(&self, ceremony: &str, options: &Value) -> String {
        let said = json!({
            "type": ceremony, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false,
        });
        said.to_string()
    }

    fn data(&self, rp_id: &str, more_flags: u8) -> Vec<u8> {
        let synced = if self.is_synced { SYNCED } else { 0 };
        let mut data = Sha256::digest(rp_id).to_vec();
        data.push(PRESENT_AND_VERIFIED | synced | more_flags);
        // Passkeys that are everywhere do not count.
        data.extend(if self.is_synced { 0 } else { self.count }.to_be_bytes());
        data
    }

    fn cose_key(&self) -> Vec<u8> {
        let point = self.key.verifying_key().to_sec1_point(false);
        let (x, y) = point.as_bytes()[1..].split_at(32);
        let number = |number: i64| Cbor::Integer(number.into());
        cbor(&Cbor::Map(vec![
            (number(1), number(2)),
            (number(3), number(-7)),
            (number(-1), number(1)),
            (number(-2), Cbor::Bytes(x.to_vec())),
            (number(-3), Cbor::Bytes(y.to_vec())),
        ]))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn cbor(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}
