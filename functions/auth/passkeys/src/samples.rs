//! An authenticator for tests, which can be told to be wrong in any way.

use crate::assertion::AssertionResponse;
use crate::registration::AttestationResponse;
use crate::{AuthenticationResponse, Passkey, RegistrationResponse, RelyingParty};
use ciborium::Value;
use p256::ecdsa::signature::Signer;
use sha2::{Digest, Sha256};

pub(crate) use crate::encoded as encode;

pub(crate) const CHALLENGE: &str = "Y2hhbGxlbmdlIG9mIHRoaXMgY2VyZW1vbnk";
pub(crate) const UP: u8 = 1;
pub(crate) const UV: u8 = 1 << 2;
const AT: u8 = 1 << 6;

pub(crate) fn party() -> RelyingParty {
    RelyingParty::new("https://auth.example.com", "example.com", "[]").unwrap()
}

pub(crate) fn client_data(ceremony: &str, challenge: &str) -> String {
    format!(
        r#"{{"type":"{ceremony}","challenge":"{challenge}","origin":"https://auth.example.com","crossOrigin":false}}"#
    )
}

pub(crate) fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

pub(crate) fn integer(number: i64) -> Value {
    Value::Integer(number.into())
}

pub(crate) fn map(members: impl IntoIterator<Item = (Value, Value)>) -> Value {
    Value::Map(members.into_iter().collect())
}

enum Secret {
    Es256(p256::ecdsa::SigningKey),
    EdDsa(ed25519_dalek::SigningKey),
}

/// One passkey, and what is said of it.
pub(crate) struct Authenticator {
    secret: Secret,
    pub(crate) id: Vec<u8>,
    pub(crate) rp_id: &'static str,
    pub(crate) flags: u8,
    pub(crate) sign_count: u32,
    /// In the place of what the browser would say.
    pub(crate) client_data: Option<String>,
    /// In the place of the key.
    pub(crate) public_key: Option<Vec<u8>>,
    pub(crate) attestation: (&'static str, Value),
    /// After the authenticator data.
    pub(crate) trailing: Vec<u8>,
}

impl Authenticator {
    pub(crate) fn es256() -> Self {
        Self::with(Secret::Es256(p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()))
    }

    /// With another key.
    pub(crate) fn other() -> Self {
        Self::with(Secret::Es256(p256::ecdsa::SigningKey::from_slice(&[8; 32]).unwrap()))
    }

    pub(crate) fn eddsa() -> Self {
        Self::with(Secret::EdDsa(ed25519_dalek::SigningKey::from_bytes(&[7; 32])))
    }

    fn with(secret: Secret) -> Self {
        Authenticator {
            secret,
            id: vec![7; 16],
            rp_id: "example.com",
            flags: UP | UV | AT,
            sign_count: 0,
            client_data: None,
            public_key: None,
            attestation: ("none", map([])),
            trailing: Vec::new(),
        }
    }

    /// The members of its COSE_Key.
    pub(crate) fn key(&self) -> Vec<(Value, Value)> {
        match &self.secret {
            Secret::Es256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let bytes = point.as_bytes();
                let (x, y) = bytes[1..].split_at(32);
                vec![
                    (integer(1), integer(2)),
                    (integer(3), integer(-7)),
                    (integer(-1), integer(1)),
                    (integer(-2), Value::Bytes(x.to_vec())),
                    (integer(-3), Value::Bytes(y.to_vec())),
                ]
            }
            Secret::EdDsa(key) => vec![
                (integer(1), integer(1)),
                (integer(3), integer(-8)),
                (integer(-1), integer(6)),
                (integer(-2), Value::Bytes(key.verifying_key().to_bytes().to_vec())),
            ],
        }
    }

    /// What is stored of it.
    pub(crate) fn passkey(&self) -> Passkey {
        Passkey {
            credential_id: self.id.clone(),
            public_key: cbor(&map(self.key())),
            sign_count: self.sign_count,
            backup_eligible: self.flags & 1 << 3 != 0,
            backed_up: self.flags & 1 << 4 != 0,
        }
    }

    pub(crate) fn registration(&self) -> RegistrationResponse {
        let (format, statement) = &self.attestation;
        self.registered(format, statement.clone())
    }

    /// With a self attestation, whose signature may be changed.
    pub(crate) fn registration_with_own_signature(
        &self,
        change: impl FnOnce(&mut Vec<u8>),
    ) -> RegistrationResponse {
        let said = self.said("webauthn.create");
        let mut signature = self.sign(&[&self.data(self.flags | AT)[..], &Sha256::digest(&said)].concat());
        change(&mut signature);
        let alg = match self.secret {
            Secret::Es256(_) => -7,
            Secret::EdDsa(_) => -8,
        };
        let text = |text: &str| Value::Text(text.to_owned());
        let statement = map([(text("alg"), integer(alg)), (text("sig"), Value::Bytes(signature))]);
        self.registered("packed", statement)
    }

    fn registered(&self, format: &str, statement: Value) -> RegistrationResponse {
        let text = |text: &str| Value::Text(text.to_owned());
        let object = map([
            (text("fmt"), text(format)),
            (text("attStmt"), statement),
            (text("authData"), Value::Bytes(self.data(self.flags))),
        ]);
        RegistrationResponse {
            raw_id: encode(&self.id),
            r#type: "public-key".to_owned(),
            response: AttestationResponse {
                client_data_json: encode(self.said("webauthn.create")),
                attestation_object: encode(cbor(&object)),
            },
        }
    }

    pub(crate) fn assertion(&self) -> AuthenticationResponse {
        let (data, said) = (self.data(self.flags & !AT), self.said("webauthn.get"));
        let signature = self.sign(&[&data[..], &Sha256::digest(&said)].concat());
        AuthenticationResponse {
            raw_id: encode(&self.id),
            r#type: "public-key".to_owned(),
            response: AssertionResponse {
                client_data_json: encode(said),
                authenticator_data: encode(data),
                signature: encode(signature),
                user_handle: Some(encode([1, 2, 3])),
            },
        }
    }

    fn said(&self, ceremony: &str) -> String {
        self.client_data.clone().unwrap_or_else(|| client_data(ceremony, CHALLENGE))
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(self.rp_id).to_vec();
        data.push(flags);
        data.extend(self.sign_count.to_be_bytes());
        if flags & AT != 0 {
            data.extend([0; 16]);
            data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
            data.extend(&self.id);
            data.extend(self.public_key.clone().unwrap_or_else(|| cbor(&map(self.key()))));
        }
        data.extend(&self.trailing);
        data
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Es256(key) => {
                let signature: p256::ecdsa::DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
            Secret::EdDsa(key) => key.sign(message).to_bytes().to_vec(),
        }
    }
}
