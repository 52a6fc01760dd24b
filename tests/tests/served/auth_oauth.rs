//! `/oauth` and `/.well-known`

use mcsp_access::{Claims, KeySet, Role, SigningKey, issue, issue_id_token, verify};
use mcsp_tests::{Account, Platform, claims, platform_key};
use serde_json::{Value, json};

#[tokio::test]
async fn tokens_are_verified_with_the_published_keys_alone() {
    let account = Platform::running().account("creator").await;
    let published = account.platform.get("/.well-known/jwks.json").await.expect(200);
    let keys = KeySet::from_json(published.to_string().as_bytes()).expect("a JWK Set");
    let issuer = account.platform.url();
    let claims =
        verify(&account.token, &keys, issuer, "mcsp", jiff::Timestamp::now()).expect("a valid token");
    assert_eq!(claims.sub.to_string(), account.user_id);
    assert!(claims.fid.is_some() && claims.auth_time.is_some());
    assert_eq!(claims.exp - claims.iat, 600);
}

#[tokio::test]
async fn only_public_halves_are_published() {
    let published = Platform::running().get("/.well-known/jwks.json").await.expect(200);
    let keys = published["keys"].as_array().expect("keys");
    assert!(!keys.is_empty());
    for key in keys {
        assert_eq!(
            (&key["kty"], &key["crv"], &key["use"]),
            (&"OKP".into(), &"Ed25519".into(), &"sig".into())
        );
        assert!(key.get("d").is_none(), "a private half is published");
    }
}

#[tokio::test]
async fn the_keys_may_be_kept_while_auth_is_away() {
    let answer = Platform::running().get("/.well-known/jwks.json").await;
    assert_eq!(answer.header("content-type"), "application/jwk-set+json");
    let cache_control = answer.header("cache-control");
    for directive in ["public", "max-age=300", "stale-while-revalidate=300", "stale-if-error=86400"] {
        assert!(cache_control.split(", ").any(|part| part == directive), "{directive}: {cache_control}");
    }
}

#[tokio::test]
async fn both_documents_of_metadata_are_one_and_name_routes_that_are_there() {
    let platform = Platform::running();
    let openid = platform.get("/.well-known/openid-configuration").await.expect(200);
    assert_eq!(platform.get("/.well-known/oauth-authorization-server").await.expect(200), openid);
    assert_eq!(openid["issuer"], platform.url());
    for (name, address) in openid.as_object().expect("an object") {
        if let Some(address) = address.as_str().filter(|_| name.ends_with("_endpoint") || name == "jwks_uri")
        {
            let path = address.strip_prefix(platform.url()).expect("an address of the platform");
            assert_ne!(platform.get(path).await.status, 404, "{name}");
        }
    }
    assert_eq!(openid["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(openid["response_types_supported"], json!(["code"]));
}

async fn refresh(platform: &Platform, token: &str) -> mcsp_tests::Answer {
    let form = [("client_id", "first-party"), ("grant_type", "refresh_token"), ("refresh_token", token)];
    platform.post_form("/oauth/token", &form).await
}

#[tokio::test]
async fn a_first_party_session_is_prolonged_by_its_refresh_token() {
    let account = Platform::running().account("viewer").await;
    let renewed = refresh(&account.platform, &account.refresh_token).await.expect(200);
    let token = renewed["access_token"].as_str().expect("a token").to_owned();
    let again = Account { token, ..account.clone() };
    assert_eq!(again.get("/v1/accounts/me").await.expect(200)["id"], account.user_id);
    // Two tabs at once: the same successor, and nobody is signed out.
    let repeated = refresh(&account.platform, &account.refresh_token).await.expect(200);
    assert_eq!(repeated["refresh_token"], renewed["refresh_token"]);
}

#[tokio::test]
async fn ending_a_session_ends_its_refresh_tokens() {
    let account = Platform::running().account("viewer").await;
    let sessions = account.get("/v1/sessions").await.expect(200);
    let path = format!("/v1/sessions/{}", sessions["items"][0]["id"].as_str().expect("an id"));
    account.delete(&path).await.expect(204);
    refresh(&account.platform, &account.refresh_token).await.refused_by_protocol(400, "invalid_grant");
}

#[tokio::test]
async fn parallel_refreshes_of_one_token_give_one_successor() {
    let account = Platform::running().account("viewer").await;
    let all = (0..50).map(|_| refresh(&account.platform, &account.refresh_token));
    let answers = futures::future::join_all(all).await;
    let successors: std::collections::BTreeSet<_> =
        answers.into_iter().map(|answer| answer.expect(200)["refresh_token"].to_string()).collect();
    assert_eq!(successors.len(), 1);
}

/// Each of them differs from a good token only where it says, and is refused by a route that runs.
#[tokio::test]
async fn the_attack_corpus_is_refused_by_a_running_route() {
    let account = Platform::running().account("viewer").await;
    let user = account.user_id.parse().expect("a user id");
    let good = claims(&account.platform, user, Role::Viewer);
    let (key, foreign) = (platform_key().await, SigningKey::from_seed("foreign", &[3; 32]));
    let with_our_kid = SigningKey::from_seed(key.id(), &[3; 32]);
    Account { token: issue(&key, &good), ..account.clone() }.get("/v1/accounts/me").await.expect(200);
    let changed = |change: &dyn Fn(&mut Claims)| {
        let mut claims = good.clone();
        change(&mut claims);
        issue(&key, &claims)
    };
    let header = |json: Value| format!("{}.", base64url(json.to_string().as_bytes()));
    let signed = issue(&key, &good);
    let (_, payload_and_signature) = signed.split_once('.').expect("a JWS");
    let (payload, _) = payload_and_signature.split_once('.').expect("a JWS");
    let with_header = |json: Value| header(json) + payload_and_signature;
    for (name, token, code) in [
        ("none", format!("{}{payload}.", header(json!({"alg": "none", "typ": "at+jwt"}))), "invalid_token"),
        (
            "algorithm swap",
            with_header(json!({"alg": "HS256", "typ": "at+jwt", "kid": key.id()})),
            "invalid_token",
        ),
        (
            "jku",
            with_header(json!({"alg": "EdDSA", "typ": "at+jwt", "kid": key.id(), "jku": "http://x"})),
            "invalid_token",
        ),
        (
            "jwk",
            with_header(json!({"alg": "EdDSA", "typ": "at+jwt", "kid": key.id(), "jwk": {}})),
            "invalid_token",
        ),
        ("foreign key", issue(&foreign, &good), "invalid_token"),
        ("foreign key under our id", issue(&with_our_kid, &good), "invalid_token"),
        ("id token", issue_id_token(&key, &good), "invalid_token"),
        ("audience", changed(&|claims| claims.aud = "others".into()), "invalid_token"),
        ("issuer", changed(&|claims| claims.iss = "http://evil.example".into()), "invalid_token"),
        ("not yet", changed(&|claims| claims.nbf = Some(claims.iat + 300)), "invalid_token"),
        ("from the future", changed(&|claims| claims.iat += 300), "invalid_token"),
        ("expired", changed(&|claims| claims.exp = claims.iat - 1), "expired_token"),
        ("no signature", signed.rsplit_once('.').expect("a JWS").0.to_owned() + ".", "invalid_token"),
    ] {
        let answer = Account { token, ..account.clone() }.get("/v1/accounts/me").await;
        assert_eq!((answer.status.as_u16(), answer.json["code"].as_str()), (401, Some(code)), "{name}");
    }
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
