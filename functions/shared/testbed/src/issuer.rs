//! Who issues access tokens, in place of Auth.

use jiff::Timestamp;
use mcsp_access::{Acr, Claims, FIRST_PARTY, Role, SigningKey, Subject};
use mcsp_ids::UserId;
use serde_json::json;

pub(crate) const ISSUER: &str = "http://auth.example";
pub(crate) const AUDIENCE: &str = "mcsp";
/// Longer than a real token's: tests make it days later.
const TOKEN_S: i64 = 7 * 86_400;

/// One key, the same in all tests.
pub(crate) struct Issuer(SigningKey);

impl Issuer {
    pub(crate) fn new() -> Self {
        Issuer(SigningKey::from_seed("k1", &[7; 32]))
    }

    /// What Auth answers to `GET /.well-known/jwks.json`.
    pub(crate) fn key_set(&self) -> String {
        json!({"keys": [self.0.public_jwk()]}).to_string()
    }

    /// The variable `auth_signing_keys`.
    pub(crate) fn signing_keys(&self) -> String {
        json!([self.0.private_jwk()]).to_string()
    }

    pub(crate) fn claims(user: UserId, role: Role, now: Timestamp) -> Claims {
        Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: Subject::User(user),
            client_id: FIRST_PARTY.into(),
            iat: now.as_second(),
            exp: now.as_second() + TOKEN_S,
            nbf: None,
            jti: "1".into(),
            sid: Some(crate::new_id()),
            fid: None,
            scope: String::new(),
            roles: vec![role],
            permissions: Vec::new(),
            region: "eu".into(),
            age_reached: None,
            acr: Some(Acr::One),
            amr: vec!["pwd".into()],
            auth_time: Some(now.as_second()),
            cnf: None,
        }
    }

    pub(crate) fn issue(&self, claims: &Claims) -> String {
        mcsp_access::issue(&self.0, claims)
    }
}
