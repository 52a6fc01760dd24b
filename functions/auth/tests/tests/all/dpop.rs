//! Tokens that are bound to a key (RFC 9449): how clients get them, and what they are worth without it.

use auth_tests::app::{App, CALLBACK, VERIFIER, encoded};
use auth_tests::browser::answer;
use auth_tests::{Reply, Stand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcsp_testbed::{ProofKey, unique};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";
const ISSUER: &str = "http://auth.example";
const TOKEN: &str = "/oauth/token";

async fn registered(stand: &Stand) -> String {
    let email = format!("ada-{}@example.com", unique());
    stand.register(&email, PASSWORD).await;
    email
}

/// A proof of `POST` to a route of the protocol.
fn proof(stand: &Stand, key: &ProofKey, path: &str) -> String {
    key.proof(("POST", &format!("{ISSUER}{path}")), None, stand.bed.now())
}

/// `POST /oauth/token` with a proof of the key.
async fn exchange(stand: &Stand, app: &App<'_>, key: &ProofKey, form: &[(&str, &str)]) -> Reply {
    app.post_with(TOKEN, &[("dpop", &proof(stand, key, TOKEN))], form).await
}

fn redeeming(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

fn refreshing(token: &Value) -> [(&str, &str); 2] {
    [("grant_type", "refresh_token"), ("refresh_token", token.as_str().unwrap())]
}

/// A code, for one of our own applications, which asks for no consent.
async fn code(stand: &Stand, app: &App<'_>, email: &str, changes: &[(&str, &str)]) -> String {
    let redirect = stand.browser().sign_in(&app.request(changes), email, PASSWORD).await;
    answer(&redirect, "code").unwrap_or_else(|| panic!("{}", redirect.text))
}

fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[track_caller]
fn refused(reply: &Reply, error: &str) {
    assert_eq!((reply.status, &reply.json["error"]), (400, &json!(error)), "{}", reply.json);
}

async fn ours(stand: &Stand, changes: Value) -> App<'_> {
    let mut client = json!({"first_party": true});
    for (name, value) in changes.as_object().into_iter().flatten() {
        client[name] = value.clone();
    }
    stand.app(client).await
}

#[tokio::test]
async fn a_public_clients_tokens_are_bound_to_the_key_that_it_has_proved() {
    let stand = Stand::new().await;
    let (email, app, key) = (registered(&stand).await, ours(&stand, json!({})).await, ProofKey::generate());
    let granted = exchange(&stand, &app, &key, &redeeming(&code(&stand, &app, &email, &[]).await)).await;
    assert_eq!((granted.status, &granted.json["token_type"]), (200, &json!("DPoP")), "{}", granted.json);
    assert_eq!(claims(&granted.json["access_token"])["cnf"], json!({"jkt": key.thumbprint()}));
    assert!(claims(&granted.json["id_token"]).get("cnf").is_none());
    let refresh = &granted.json["refresh_token"];
    // Whoever has stolen the token has not the key, and does not harm who has.
    refused(&app.refresh(refresh).await, "invalid_grant");
    refused(&exchange(&stand, &app, &ProofKey::generate(), &refreshing(refresh)).await, "invalid_grant");
    let renewed = exchange(&stand, &app, &key, &refreshing(refresh)).await;
    assert_eq!((renewed.status, &renewed.json["token_type"]), (200, &json!("DPoP")), "{}", renewed.json);
    assert_eq!(claims(&renewed.json["access_token"])["cnf"]["jkt"], key.thumbprint());
}

#[tokio::test]
async fn a_bound_token_opens_a_resource_with_a_proof_and_nothing_without() {
    let stand = Stand::new().await;
    let (email, app, key) = (registered(&stand).await, ours(&stand, json!({})).await, ProofKey::generate());
    let granted = exchange(&stand, &app, &key, &redeeming(&code(&stand, &app, &email, &[]).await)).await.json;
    let token = granted["access_token"].as_str().unwrap();
    let userinfo = async |authorization: String, proof: Option<String>| {
        let proof = proof.as_deref().map(|proof| ("dpop", proof));
        let headers: Vec<_> = [("authorization", authorization.as_str())].into_iter().chain(proof).collect();
        stand.oauth.send(("GET", "/oauth/userinfo"), &headers, None).await
    };
    let new_proof = || key.proof(("GET", &format!("{ISSUER}/oauth/userinfo")), Some(token), stand.bed.now());
    let told = userinfo(format!("DPoP {token}"), Some(new_proof())).await;
    assert_eq!((told.status, &told.json["email"]), (200, &json!(email)), "{}", told.json);
    for (authorization, proof) in [
        (format!("Bearer {token}"), None),
        (format!("Bearer {token}"), Some(new_proof())),
        (format!("DPoP {token}"), None),
        (format!("DPoP {token}"), Some(proof(&stand, &key, TOKEN))),
    ] {
        let reply = userinfo(authorization, proof).await;
        assert_eq!((reply.status, reply.code()), (401, "invalid_dpop_proof"), "{}", reply.json);
    }
}

#[tokio::test]
async fn whoever_proves_a_key_is_told_so_too_what_the_token_lacks() {
    let stand = Stand::new().await;
    let (email, app, key) = (registered(&stand).await, ours(&stand, json!({})).await, ProofKey::generate());
    let code = code(&stand, &app, &email, &[("scope", "playback.start")]).await;
    let granted = exchange(&stand, &app, &key, &redeeming(&code)).await.json;
    let token = granted["access_token"].as_str().unwrap();
    let proof = key.proof(("GET", &format!("{ISSUER}/oauth/userinfo")), Some(token), stand.bed.now());
    let headers = [("authorization", &*format!("DPoP {token}")), ("dpop", &proof)];
    let reply = stand.oauth.send(("GET", "/oauth/userinfo"), &headers, None).await;
    assert_eq!((reply.status, reply.code()), (403, "insufficient_scope"), "{}", reply.json);
    assert_eq!(
        reply.headers["www-authenticate"],
        "DPoP realm=\"mcsp\", error=\"insufficient_scope\", scope=\"openid\", algs=\"ES256 EdDSA\""
    );
}

#[tokio::test]
async fn a_confidential_client_binds_each_access_token_anew_and_its_refresh_tokens_are_its_own() {
    let stand = Stand::new().await;
    let email = registered(&stand).await;
    let app = ours(&stand, json!({"kind": "confidential"})).await;
    let (one, two) = (ProofKey::generate(), ProofKey::generate());
    let granted = exchange(&stand, &app, &one, &redeeming(&code(&stand, &app, &email, &[]).await)).await;
    assert_eq!(claims(&granted.json["access_token"])["cnf"]["jkt"], one.thumbprint());
    let renewed = exchange(&stand, &app, &two, &refreshing(&granted.json["refresh_token"])).await;
    assert_eq!(claims(&renewed.json["access_token"])["cnf"]["jkt"], two.thumbprint(), "{}", renewed.json);
    let plain = app.refresh(&renewed.json["refresh_token"]).await;
    assert_eq!((plain.status, &plain.json["token_type"]), (200, &json!("Bearer")));
    assert!(claims(&plain.json["access_token"]).get("cnf").is_none());
}

#[tokio::test]
async fn a_client_in_its_own_name_and_a_first_party_session_get_bound_tokens_too() {
    let stand = Stand::new().await;
    let key = ProofKey::generate();
    let machine = json!({"kind": "confidential", "redirect_uris": [], "grant_types": ["client_credentials"], "scopes": ["playback.start"]});
    let machine = stand.app(machine).await;
    let granted = exchange(&stand, &machine, &key, &[("grant_type", "client_credentials")]).await;
    assert_eq!((granted.status, &granted.json["token_type"]), (200, &json!("DPoP")), "{}", granted.json);
    assert_eq!(claims(&granted.json["access_token"])["cnf"]["jkt"], key.thumbprint());
    let email = registered(&stand).await;
    let session = stand.sign_in(&email, PASSWORD).await.json;
    let form = encoded(&[
        ("client_id", "first-party"),
        refreshing(&session["refresh_token"])[0],
        refreshing(&session["refresh_token"])[1],
    ]);
    let renewed = stand.post_form_with(TOKEN, &[("dpop", &proof(&stand, &key, TOKEN))], &form).await;
    let token = renewed.json["access_token"].as_str().unwrap();
    assert_eq!(claims(&renewed.json["access_token"])["cnf"]["jkt"], key.thumbprint());
    // Stepping up loosens nothing.
    let path = format!("/v1/sessions/{}/step-up", session["id"].as_str().unwrap());
    let stepped_up = stand
        .send_with(
            ("POST", &path),
            &[
                ("authorization", &format!("DPoP {token}")),
                ("dpop", &key.proof(("POST", &format!("{ISSUER}{path}")), Some(token), stand.bed.now())),
            ],
            json!({"password": PASSWORD}),
        )
        .await;
    assert_eq!(
        (stepped_up.status, &stepped_up.json["token_type"]),
        (200, &json!("DPoP")),
        "{}",
        stepped_up.json
    );
    assert_eq!(claims(&stepped_up.json["access_token"])["cnf"]["jkt"], key.thumbprint());
}

#[tokio::test]
async fn a_code_that_is_bound_beforehand_is_redeemed_with_that_key_only() {
    let stand = Stand::new().await;
    let (email, app, key) = (registered(&stand).await, ours(&stand, json!({})).await, ProofKey::generate());
    let bound = [("dpop_jkt", key.thumbprint())];
    let bound = bound.each_ref().map(|(name, value)| (*name, value.as_str()));
    for other in [None, Some(ProofKey::generate())] {
        let code = code(&stand, &app, &email, &bound).await;
        let reply = match &other {
            None => app.token(&redeeming(&code)).await,
            Some(other) => exchange(&stand, &app, other, &redeeming(&code)).await,
        };
        refused(&reply, "invalid_grant");
    }
    let right = exchange(&stand, &app, &key, &redeeming(&code(&stand, &app, &email, &bound).await)).await;
    assert_eq!(right.status, 200, "{}", right.json);
    let malformed = stand.browser().open(&app.request(&[("dpop_jkt", "no thumbprint")])).await;
    assert_eq!(answer(&malformed, "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn a_pushed_request_is_bound_by_its_proof() {
    let stand = Stand::new().await;
    let (email, app, key) = (registered(&stand).await, ours(&stand, json!({})).await, ProofKey::generate());
    let push = async |headers: &[(&str, &str)], changes: &[(&str, &str)]| {
        let request = app.request(changes);
        let query = request.split_once('?').unwrap().1;
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        app.post_with("/oauth/par", headers, &pairs).await
    };
    let other = ProofKey::generate().thumbprint();
    let mismatched = push(&[("dpop", &proof(&stand, &key, "/oauth/par"))], &[("dpop_jkt", &other)]).await;
    refused(&mismatched, "invalid_dpop_proof");
    refused(&push(&[("dpop", &proof(&stand, &key, TOKEN))], &[]).await, "invalid_dpop_proof");
    for is_right in [false, true] {
        let pushed = push(&[("dpop", &proof(&stand, &key, "/oauth/par"))], &[]).await;
        assert_eq!(pushed.status, 201, "{}", pushed.json);
        let request_uri = pushed.json["request_uri"].as_str().unwrap();
        let address = encoded(&[("client_id", &app.id), ("request_uri", request_uri)]);
        let redirect =
            stand.browser().sign_in(&format!("/oauth/authorize?{address}"), &email, PASSWORD).await;
        let code = answer(&redirect, "code").unwrap();
        let shown = if is_right { &key } else { &ProofKey::generate() };
        let reply = exchange(&stand, &app, shown, &redeeming(&code)).await;
        assert_eq!(reply.status, if is_right { 200 } else { 400 }, "{}", reply.json);
    }
}

#[tokio::test]
async fn a_wrong_proof_costs_the_client_nothing_but_the_request() {
    let stand = Stand::new().await;
    let (email, app, key) = (registered(&stand).await, ours(&stand, json!({})).await, ProofKey::generate());
    let code = code(&stand, &app, &email, &[]).await;
    let (used, uri) = (proof(&stand, &key, TOKEN), format!("{ISSUER}{TOKEN}"));
    let now = stand.bed.now();
    app.post_with(TOKEN, &[("dpop", &used)], &[("grant_type", "refresh_token"), ("refresh_token", "none")])
        .await;
    for proofs in [
        vec![used],
        vec![proof(&stand, &key, TOKEN), proof(&stand, &key, TOKEN)],
        vec![key.proof(("GET", &uri), None, now)],
        vec![key.proof(("POST", &format!("{ISSUER}/oauth/par")), None, now)],
        vec![key.proof(("POST", &uri), None, now - jiff::SignedDuration::from_mins(2))],
        vec![key.proof(("POST", &uri), None, now + jiff::SignedDuration::from_mins(2))],
        vec!["not a proof".to_owned()],
    ] {
        let headers: Vec<_> = proofs.iter().map(|proof| ("dpop", proof.as_str())).collect();
        refused(&app.post_with(TOKEN, &headers, &redeeming(&code)).await, "invalid_dpop_proof");
    }
    assert_eq!(exchange(&stand, &app, &key, &redeeming(&code)).await.status, 200, "the code is still good");
}

#[tokio::test]
async fn who_introspects_is_told_of_the_key() {
    let stand = Stand::new().await;
    let (email, app, key) = (registered(&stand).await, ours(&stand, json!({})).await, ProofKey::generate());
    let resource = ours(&stand, json!({"kind": "confidential"})).await;
    let granted = exchange(&stand, &app, &key, &redeeming(&code(&stand, &app, &email, &[]).await)).await.json;
    for (token, token_type) in [("access_token", json!("DPoP")), ("refresh_token", Value::Null)] {
        let told =
            resource.post("/oauth/introspect", &[("token", granted[token].as_str().unwrap())]).await.json;
        assert_eq!((&told["active"], &told["token_type"]), (&json!(true), &token_type), "{told}");
        assert_eq!(told["cnf"], json!({"jkt": key.thumbprint()}), "{told}");
    }
    let metadata = stand.oauth.send(("GET", "/.well-known/openid-configuration"), &[], None).await.json;
    assert_eq!(metadata["dpop_signing_alg_values_supported"], json!(["ES256", "EdDSA"]));
}
