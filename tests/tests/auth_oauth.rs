//! `/.well-known`

use mcsp_access::{KeySet, verify};
use mcsp_tests::Platform;

#[tokio::test]
async fn tokens_are_verified_with_the_published_keys_alone() {
    let account = Platform::running().account("creator").await;
    let published = account.platform.get("/.well-known/jwks.json").await.expect(200);
    let keys = KeySet::from_json(published.to_string().as_bytes()).expect("a JWK Set");
    let issuer = account.platform.url();
    let claims =
        verify(&account.token, &keys, issuer, "mcsp", jiff::Timestamp::now()).expect("a valid token");
    assert_eq!(claims.sub.to_string(), account.user_id);
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
