//! What an access token says, and when it is believed.

use crate::confirmation::Confirmation;
use crate::jws;
use crate::keys::{KeySet, SigningKey};
use crate::permission::{Permission, Role, known};
use crate::subject::{Acr, Subject};
use jiff::Timestamp;
use mcsp_ids::{AuthSessionId, RefreshFamilyId, UserId};
use serde::{Deserialize, Serialize};

/// The `typ` of an access token (RFC 9068 section 2.1). An ID token has another, and is refused.
const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// The `typ` of an ID token, which nothing here takes for an access token.
const ID_TOKEN_TYPE: &str = "JWT";

/// The `typ` of a logout token.
const LOGOUT_TOKEN_TYPE: &str = "logout+jwt";

/// The client of sessions that a person begins with the platform itself (`POST /v1/sessions`). It is no
/// registered client, and not limited by a scope.
pub const FIRST_PARTY: &str = "first-party";

/// How far the clocks of two machines may be apart.
const CLOCK_SKEW_S: i64 = 5;

/// The claims of an access token (RFC 9068 section 2.2). Times are NumericDates, in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// Whom it is for.
    pub aud: String,
    /// Who acts: a person's account, or a client in its own name.
    pub sub: Subject,
    /// The client that asked for it: [`FIRST_PARTY`], or a registered one's id.
    pub client_id: String,
    /// Seconds since the Unix epoch.
    pub iat: i64,
    /// Seconds since the Unix epoch.
    pub exp: i64,
    /// Seconds since the Unix epoch, where it is not valid at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Unique for each token.
    pub jti: String,
    /// The signed-in device. A client that acts in its own name has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<AuthSessionId>,
    /// What the client was given in the session, where it can be revoked apart from the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fid: Option<RefreshFamilyId>,
    /// What the client may ask for, space-separated (RFC 6749 section 3.3).
    pub scope: String,
    /// The subject's built-in roles.
    pub roles: Vec<Role>,
    /// What its custom roles give it beyond that: others know nothing of those roles.
    #[serde(default, deserialize_with = "known", skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
    /// Where the account's data lives.
    pub region: String,
    /// The highest age that the person has reached, of [`AGES`](crate::AGES): none where they have not said that they have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_reached: Option<u8>,
    /// How strongly the person was authenticated (RFC 9470).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Acr>,
    /// By what the person was authenticated (RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// When the person was authenticated. Seconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// The key that the token is bound to (RFC 9449 section 6): without a proof of it the token is of no use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

impl Claims {
    /// Whether a role gives the permission and the client may use it: what roles give is the most that there
    /// is, and a registered client has of it only what its scope names.
    pub fn permits(&self, permission: Permission) -> bool {
        let is_given = self.permissions.contains(&permission)
            || self.roles.iter().any(|role| role.permissions().contains(&permission));
        is_given && (self.client_id == FIRST_PARTY || self.has_scope(permission.as_str()))
    }

    /// Whether the scope names it.
    pub fn has_scope(&self, name: &str) -> bool {
        self.scope.split(' ').any(|one| one == name)
    }

    /// The person, where it is one that acts.
    pub fn user(&self) -> Option<UserId> {
        match self.sub {
            Subject::User(user) => Some(user),
            Subject::Client(_) => None,
        }
    }
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a JWS, or with claims missing, or with a header that names a key of its own.
    #[error("the token is malformed")]
    Malformed,
    /// Another algorithm, another kind of token, or bound to a key in another way than it is shown.
    #[error("the token is of another type")]
    WrongType,
    /// Its `kid` is not among the published keys.
    #[error("the token is signed with an unknown key")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the token's signature is wrong")]
    BadSignature,
    /// From another issuer, or for another audience.
    #[error("the token is meant for others")]
    WrongAudience,
    /// Before `nbf` or `iat`.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// After `exp`.
    #[error("the token has expired")]
    Expired,
}

/// Signs an access token.
pub fn issue(key: &SigningKey, claims: &Claims) -> String {
    // Strings and numbers only: serialization has nothing to fail at.
    jws::sign(key, ACCESS_TOKEN_TYPE, &serde_json::to_vec(claims).unwrap_or_default())
}

/// Signs the claims of an ID token (OpenID Connect Core 1.0 section 2).
pub fn issue_id_token<C: Serialize>(key: &SigningKey, claims: &C) -> String {
    // Strings and numbers only: serialization has nothing to fail at.
    jws::sign(key, ID_TOKEN_TYPE, &serde_json::to_vec(claims).unwrap_or_default())
}

/// Signs the claims of a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4).
pub fn issue_logout_token<C: Serialize>(key: &SigningKey, claims: &C) -> String {
    // Strings and numbers only: serialization has nothing to fail at.
    jws::sign(key, LOGOUT_TOKEN_TYPE, &serde_json::to_vec(claims).unwrap_or_default())
}

/// Believes a token if its type, key, signature, issuer, audience and times are right (RFC 9068 section 4).
pub fn verify(
    token: &str,
    keys: &KeySet,
    issuer: &str,
    audience: &str,
    now: Timestamp,
) -> Result<Claims, Refusal> {
    let payload = jws::verify(token, ACCESS_TOKEN_TYPE, keys)?;
    let claims: Claims = serde_json::from_slice(&payload).map_err(|_| Refusal::Malformed)?;
    let now_s = now.as_second();
    if claims.iss != issuer || claims.aud != audience {
        return Err(Refusal::WrongAudience);
    }
    if claims.nbf.unwrap_or(claims.iat).max(claims.iat) > now_s + CLOCK_SKEW_S {
        return Err(Refusal::NotYetValid);
    }
    if claims.exp <= now_s {
        return Err(Refusal::Expired);
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    const ISSUER: &str = "http://127.0.0.1:8080";
    const AUDIENCE: &str = "mcsp";
    const NOW_S: i64 = 1_700_000_000;

    fn key() -> SigningKey {
        SigningKey::from_seed("k1", &[7; 32])
    }

    fn published(keys: &[&SigningKey]) -> KeySet {
        let keys: Vec<Value> = keys.iter().map(|key| key.public_jwk()).collect();
        KeySet::from_json(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    fn claims() -> Claims {
        Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: Subject::User(UserId::from_uuid(uuid::Uuid::from_u128(1))),
            client_id: "first-party".into(),
            iat: NOW_S,
            exp: NOW_S + 600,
            nbf: None,
            jti: "1".into(),
            sid: Some(AuthSessionId::from_uuid(uuid::Uuid::from_u128(2))),
            fid: None,
            scope: String::new(),
            roles: vec![Role::Viewer],
            permissions: Vec::new(),
            region: "eu".into(),
            age_reached: Some(16),
            acr: Some(Acr::One),
            amr: vec!["pwd".into()],
            auth_time: Some(NOW_S),
            cnf: None,
        }
    }

    fn check(token: &str) -> Result<Claims, Refusal> {
        verify(token, &published(&[&key()]), ISSUER, AUDIENCE, Timestamp::from_second(NOW_S).unwrap())
    }

    /// Signs any header and payload with the right key, as an attacker who has an oracle would.
    fn forge(header: &Value, payload: &Value) -> String {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(payload.to_string())
        );
        let signature = key().sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn what_was_issued_is_believed() {
        assert_eq!(check(&issue(&key(), &claims())), Ok(claims()));
    }

    #[test]
    fn a_private_key_survives_its_jwk() {
        let again = SigningKey::from_jwk(&key().private_jwk().to_string()).unwrap();
        assert_eq!(check(&issue(&again, &claims())), Ok(claims()));
        let mut mixed = key().private_jwk();
        mixed["x"] = SigningKey::from_seed("k1", &[8; 32]).public_jwk()["x"].clone();
        assert_eq!(SigningKey::from_jwk(&mixed.to_string()).unwrap_err(), crate::InvalidKey::NotEd25519);
    }

    #[test]
    fn the_attack_corpus_is_refused() {
        let payload = serde_json::to_value(claims()).unwrap();
        let good = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "k1"});
        assert!(
            check(&forge(&good, &payload)).is_ok(),
            "the corpus must differ from a good token only where it says"
        );
        let header = |field: &str, value: Value| {
            let mut header = good.clone();
            header[field] = value;
            forge(&header, &payload)
        };
        let claim = |field: &str, value: Value| {
            let mut payload = payload.clone();
            payload[field] = value;
            forge(&good, &payload)
        };
        let cases = [
            ("none", header("alg", json!("none")), Refusal::WrongType),
            ("algorithm swap", header("alg", json!("HS256")), Refusal::WrongType),
            ("id token", header("typ", json!("JWT")), Refusal::WrongType),
            ("foreign kid", header("kid", json!("k2")), Refusal::UnknownKey),
            ("path in kid", header("kid", json!("../../k1")), Refusal::UnknownKey),
            ("jku", header("jku", json!("http://evil.example/keys")), Refusal::Malformed),
            ("jwk", header("jwk", key().public_jwk()), Refusal::Malformed),
            ("crit", header("crit", json!(["exp"])), Refusal::Malformed),
            ("audience", claim("aud", json!("others")), Refusal::WrongAudience),
            ("issuer", claim("iss", json!("http://evil.example")), Refusal::WrongAudience),
            ("expired", claim("exp", json!(NOW_S)), Refusal::Expired),
            ("not yet", claim("nbf", json!(NOW_S + 60)), Refusal::NotYetValid),
            ("from the future", claim("iat", json!(NOW_S + 60)), Refusal::NotYetValid),
            ("no expiry", claim("exp", Value::Null), Refusal::Malformed),
            ("unknown role", claim("roles", json!(["root"])), Refusal::Malformed),
            ("embedded certificate", header("x5c", json!(["MII="])), Refusal::Malformed),
            ("key by address", header("x5u", json!("http://evil.example/x5u")), Refusal::Malformed),
            ("compressed", header("zip", json!("DEF")), Refusal::Malformed),
            ("unencoded payload", header("b64", json!(false)), Refusal::Malformed),
            ("no type", header("typ", Value::Null), Refusal::Malformed),
            ("logout token", header("typ", json!("logout+jwt")), Refusal::WrongType),
            ("several audiences", claim("aud", json!(["mcsp", "others"])), Refusal::Malformed),
            (
                "subject of another kind",
                claim("sub", json!("video_00000000000000000000000000")),
                Refusal::Malformed,
            ),
            ("unknown strength", claim("acr", json!("9")), Refusal::Malformed),
            ("expiry as text", claim("exp", json!("9999999999")), Refusal::Malformed),
        ];
        for (name, token, refusal) in cases {
            assert_eq!(check(&token), Err(refusal), "{name}");
        }
    }

    #[test]
    fn a_token_carries_what_custom_roles_permit_and_unknown_names_permit_nothing() {
        let claims = Claims { permissions: vec![Permission::RoleView], ..claims() };
        let believed = check(&issue(&key(), &claims)).unwrap();
        assert!(believed.permits(Permission::RoleView) && believed.permits(Permission::PlaybackStart));
        assert!(!believed.permits(Permission::RoleGrant));
        let mut payload = serde_json::to_value(&claims).unwrap();
        payload["permissions"] = json!(["role.view", "of.a_later_version"]);
        let header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "k1"});
        assert_eq!(check(&forge(&header, &payload)).unwrap().permissions, [Permission::RoleView]);
    }

    #[test]
    fn an_id_token_is_no_access_token() {
        assert_eq!(check(&issue_id_token(&key(), &claims())), Err(Refusal::WrongType));
    }

    #[test]
    fn a_logout_token_is_no_access_token() {
        assert_eq!(check(&issue_logout_token(&key(), &claims())), Err(Refusal::WrongType));
    }

    #[test]
    fn a_token_of_before_these_claims_is_as_good() {
        let mut payload = serde_json::to_value(claims()).unwrap();
        for added in ["fid", "amr", "auth_time", "age_reached"] {
            payload.as_object_mut().unwrap().remove(added);
        }
        let token = forge(&json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "k1"}), &payload);
        assert_eq!(
            check(&token),
            Ok(Claims { amr: Vec::new(), auth_time: None, age_reached: None, ..claims() })
        );
    }

    #[test]
    fn a_permission_needs_a_role_and_with_a_registered_client_the_scope_too() {
        let publish = Permission::ContentPublish;
        let a_client = "client_00000000000000000000000001";
        for (client, role, scope, expected) in [
            (FIRST_PARTY, Role::Creator, "", true),
            (FIRST_PARTY, Role::Creator, "openid", true),
            (FIRST_PARTY, Role::Viewer, "", false),
            (FIRST_PARTY, Role::Viewer, "content.publish", false),
            (a_client, Role::Creator, "content.publish", true),
            (a_client, Role::Creator, "openid content.publish", true),
            (a_client, Role::Creator, "", false),
            (a_client, Role::Creator, "openid", false),
            (a_client, Role::Creator, "content.edit", false),
            (a_client, Role::Creator, "content.publish.all", false),
            (a_client, Role::Creator, "CONTENT.PUBLISH", false),
            (a_client, Role::Viewer, "content.publish", false),
            ("", Role::Creator, "", false),
        ] {
            let roles = vec![role];
            let claims = Claims { client_id: client.into(), roles, scope: scope.into(), ..claims() };
            assert_eq!(claims.permits(publish), expected, "{client} {role:?} {scope:?}");
        }
    }

    #[test]
    fn another_key_of_the_same_id_is_refused() {
        let other = SigningKey::from_seed("k1", &[9; 32]);
        assert_eq!(check(&issue(&other, &claims())), Err(Refusal::BadSignature));
    }

    #[test]
    fn no_single_changed_character_is_believed() {
        let token = issue(&key(), &claims());
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert!(check(std::str::from_utf8(&changed).unwrap()).is_err(), "character {at}");
        }
    }

    #[test]
    fn what_is_no_token_is_malformed() {
        for token in ["", ".", "..", "a.b.c", "a.b", "Bearer x", "....", &"x".repeat(9000)] {
            assert_eq!(check(token), Err(Refusal::Malformed), "{token}");
        }
    }

    #[test]
    fn during_rotation_both_keys_verify() {
        let (old, new) = (key(), SigningKey::from_seed("k2", &[8; 32]));
        let keys = published(&[&new, &old]);
        let now = Timestamp::from_second(NOW_S).unwrap();
        for key in [&old, &new] {
            assert!(verify(&issue(key, &claims()), &keys, ISSUER, AUDIENCE, now).is_ok());
        }
    }
}
