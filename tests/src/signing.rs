//! Tokens of the platform's own key, opened with its sealing keys: what an attacker would have to forge, and what an
//! administrator has.

use crate::{OwnPlatform, Platform, postgres, variable};
use mcsp_access::{Acr, Claims, FIRST_PARTY, Role, SigningKey, Subject};
use mcsp_ids::{AuthSessionId, UserId};
use mcsp_seal::SealingKeys;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::path::Path;
use uuid::Uuid;

/// The key that signs the platform's access tokens.
///
/// # Panics
/// Without `MCSP_TEST_STATE_DIR` and `MCSP_TEST_POSTGRES_URL`.
pub async fn platform_key() -> SigningKey {
    let state = std::env::var("MCSP_TEST_STATE_DIR").expect("MCSP_TEST_STATE_DIR: run scripts/test");
    let environment = Path::new(&state).join("platform.env");
    key_of(&Platform::running(), &mut postgres().await, &environment).await
}

impl OwnPlatform {
    /// The key that signs its access tokens.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn key(&self) -> SigningKey {
        let mut postgres = PgConnection::connect(&self.postgres_url()).await.expect("its Postgres");
        key_of(&self.client(), &mut postgres, &self.environment()).await
    }
}

async fn key_of(platform: &Platform, postgres: &mut PgConnection, environment: &Path) -> SigningKey {
    // Whoever needs a key first makes it.
    platform.get("/.well-known/jwks.json").await.expect(200);
    let (kid, sealed): (String, Vec<u8>) = sqlx::query_as(
        "SELECT kid, sealed_private_key FROM auth.signing_keys WHERE signs_from <= now() AND revoked_at IS NULL \
         ORDER BY sequence DESC LIMIT 1",
    )
    .fetch_one(postgres)
    .await
    .expect("a signing key");
    let sealing = SealingKeys::from_json(&variable(environment, "SPIN_VARIABLE_AUTH_SEALING_KEYS"));
    let seed =
        sealing.expect("sealing keys").open(&format!("signing_key:{kid}"), &sealed).expect("its seal opens");
    SigningKey::from_seed(kid, seed.as_slice().try_into().expect("32 octets"))
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
        age_reached: None,
        acr: Some(Acr::One),
        amr: vec!["pwd".into()],
        auth_time: Some(now),
        cnf: None,
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
        let token = mcsp_access::issue(&platform_key().await, &admin);
        let request = self.request(reqwest::Method::POST, "/v1/clients").bearer_auth(token);
        let request = request.header("idempotency-key", Uuid::new_v4().to_string()).json(&client);
        self.send(request).await.expect(201)
    }
}
