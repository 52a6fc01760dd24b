//! Tokens of the platform's own key, from its state directory: what an attacker would have to forge, and what an
//! administrator has.

use crate::Platform;
use mcsp_access::{Acr, Claims, FIRST_PARTY, Role, SigningKey, Subject};
use mcsp_ids::{AuthSessionId, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

/// The key that signs the platform's access tokens.
///
/// # Panics
/// Without `MCSP_TEST_STATE_DIR`.
pub fn platform_key() -> SigningKey {
    let state_dir =
        std::env::var("MCSP_TEST_STATE_DIR").expect("MCSP_TEST_STATE_DIR is not set: run scripts/test");
    let keys =
        std::fs::read_to_string(format!("{state_dir}/keys/auth-signing-keys.json")).expect("signing keys");
    let keys: Vec<Value> = serde_json::from_str(&keys).expect("a JSON array");
    SigningKey::from_jwk(&keys[0].to_string()).expect("a private JWK")
}

/// What a good token of this account says, for ten minutes.
pub fn claims(platform: &Platform, user: UserId, role: Role) -> Claims {
    let now = jiff::Timestamp::now().as_second();
    Claims {
        iss: platform.url().to_owned(),
        aud: "mcsp".into(),
        sub: Subject::User(user),
        client_id: FIRST_PARTY.into(),
        iat: now,
        exp: now + 600,
        nbf: None,
        jti: Uuid::new_v4().to_string(),
        sid: Some(AuthSessionId::from_uuid(Uuid::now_v7())),
        fid: None,
        scope: String::new(),
        roles: vec![role],
        permissions: Vec::new(),
        region: "eu".into(),
        acr: Some(Acr::One),
        amr: vec!["pwd".into()],
        auth_time: Some(now),
    }
}

impl Platform {
    /// Registers a client, in an administrator's name, with changes to a public one for codes and devices.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn client_app(&self, changes: Value) -> Value {
        let mut client = json!({
            "kind": "public", "name": "An application", "redirect_uris": ["http://127.0.0.1/callback"],
            "grant_types":
                ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
            "scopes": ["openid", "email", "playback.start"],
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            client[name] = value.clone();
        }
        let admin = claims(self, UserId::from_uuid(Uuid::now_v7()), Role::Admin);
        let token = mcsp_access::issue(&platform_key(), &admin);
        let request = self.request(reqwest::Method::POST, "/v1/clients").bearer_auth(token);
        let request = request.header("idempotency-key", Uuid::new_v4().to_string()).json(&client);
        self.send(request).await.expect(201)
    }
}
