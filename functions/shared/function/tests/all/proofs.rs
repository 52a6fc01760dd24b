//! Tokens that are bound to a key (RFC 9449), at a component that knows nothing of them.

use axum::Router;
use axum::routing::get;
use mcsp_access::{Confirmation, Role};
use mcsp_function::{Caller, Context, MaybeCaller, MissingVariable};
use mcsp_testbed::{Component, ProofKey, Reply, Setup, Testbed, new_id};
use serde_json::json;

const ISSUER: &str = "http://auth.example";
const PATH: &str = "/v1/things/7";

/// A component that tells nothing but whether it believes a token.
fn router(_: &Context) -> Result<Router<Context>, MissingVariable> {
    let believed = get(async |_: Caller| "believed").post(async |_: Caller| "believed");
    Ok(Router::new().route(PATH, believed).route(
        "/v1/anybody",
        get(async |MaybeCaller(caller): MaybeCaller| caller.map_or("nobody", |_| "believed")),
    ))
}

/// Who has a token that is bound to a key.
struct Scene {
    bed: Testbed,
    instance: Component,
    key: ProofKey,
    token: String,
}

impl Scene {
    async fn new() -> Scene {
        let bed = Testbed::without_database("content", Setup::default()).await;
        let instance = bed.component("content-videos", router);
        let key = ProofKey::generate();
        let mut claims = bed.claims(new_id(), Role::Viewer);
        claims.cnf = Some(Confirmation { jkt: key.thumbprint() });
        let token = bed.bearer_of(&claims).strip_prefix("Bearer ").unwrap().to_owned();
        Scene { bed, instance, key, token }
    }

    /// A new proof of `GET` of the path with the token.
    fn proof(&self) -> String {
        self.key.proof(("GET", &format!("{ISSUER}{PATH}")), Some(&self.token), self.bed.now())
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let authorization = format!("DPoP {}", self.token);
        let all: Vec<_> =
            [("authorization", authorization.as_str())].into_iter().chain(headers.iter().copied()).collect();
        self.instance.send(("GET", path), &all, None).await
    }
}

#[track_caller]
fn refused(reply: &Reply, detail: &str) {
    assert_eq!((reply.status, reply.code()), (401, "invalid_dpop_proof"), "{}", reply.text);
    assert_eq!(reply.json["detail"], detail);
    let challenge = reply.headers["www-authenticate"].to_str().unwrap();
    assert!(
        challenge.starts_with("DPoP ") && challenge.contains("error=\"invalid_dpop_proof\""),
        "{challenge}"
    );
    assert!(challenge.contains("algs=\"ES256 EdDSA\""), "{challenge}");
}

#[tokio::test]
async fn a_bound_token_is_believed_with_a_new_proof_for_each_request() {
    let scene = Scene::new().await;
    for path in [PATH, "/v1/things/7?limit=3"] {
        let reply = scene.get(path, &[("dpop", &scene.proof())]).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, "believed"));
    }
    let anybody =
        scene.key.proof(("GET", &format!("{ISSUER}/v1/anybody")), Some(&scene.token), scene.bed.now());
    assert_eq!(scene.get("/v1/anybody", &[("dpop", &anybody)]).await.text, "believed");
}

#[tokio::test]
async fn a_bound_token_that_is_shown_as_any_other_is_refused_with_a_proof_and_without() {
    let scene = Scene::new().await;
    let bearer = format!("Bearer {}", scene.token);
    let proof = scene.proof();
    for headers in
        [vec![("authorization", bearer.as_str())], vec![("authorization", &bearer), ("dpop", &proof)]]
    {
        refused(
            &scene.instance.send(("GET", PATH), &headers, None).await,
            "the token is bound to a key: it needs a proof",
        );
    }
    refused(&scene.get(PATH, &[]).await, "the token is bound to a key: it needs a proof");
    refused(&scene.get("/v1/anybody", &[]).await, "the token is bound to a key: it needs a proof");
}

#[tokio::test]
async fn a_token_that_is_bound_to_nothing_is_not_taken_for_one_that_is() {
    let scene = Scene::new().await;
    let bearer = scene.bed.bearer(new_id(), Role::Viewer);
    let token = bearer.strip_prefix("Bearer ").unwrap();
    let proof = scene.key.proof(("GET", &format!("{ISSUER}{PATH}")), Some(token), scene.bed.now());
    let headers = [("authorization", format!("DPoP {token}")), ("dpop", proof)];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reply = scene.instance.send(("GET", PATH), &headers, None).await;
    assert_eq!((reply.status, reply.code()), (401, "invalid_token"));
    assert!(reply.headers["www-authenticate"].to_str().unwrap().starts_with("DPoP "));
}

#[tokio::test]
async fn a_proof_is_good_once_and_alone() {
    let scene = Scene::new().await;
    let proof = scene.proof();
    assert_eq!(scene.get(PATH, &[("dpop", &proof)]).await.status, 200);
    refused(&scene.get(PATH, &[("dpop", &proof)]).await, "the proof was used before");
    // Also at another instance: instances come and go, the process remembers.
    let other = Scene { instance: scene.bed.component("content-videos", router), ..scene };
    refused(&other.get(PATH, &[("dpop", &proof)]).await, "the proof was used before");
    let (one, two) = (other.proof(), other.proof());
    refused(&other.get(PATH, &[("dpop", &one), ("dpop", &two)]).await, "there is more than one proof");
}

#[tokio::test]
async fn a_proof_of_anything_else_is_refused() {
    let scene = Scene::new().await;
    let (uri, now) = (format!("{ISSUER}{PATH}"), scene.bed.now());
    let token = Some(scene.token.as_str());
    let of = "the proof is of another method or address";
    for (proof, detail) in [
        (scene.key.proof(("POST", &uri), token, now), of),
        (scene.key.proof(("GET", &format!("{ISSUER}/v1/things/8")), token, now), of),
        // Where the request came to, which is not what clients know.
        (scene.key.proof(("GET", &format!("http://127.0.0.1{PATH}")), token, now), of),
        (scene.key.proof(("GET", &uri), None, now), "the proof is of another access token"),
        (scene.key.proof(("GET", &uri), Some("another"), now), "the proof is of another access token"),
        (ProofKey::generate().proof(("GET", &uri), token, now), "the proof is of another key than the token"),
        (
            scene.key.proof(("GET", &uri), token, now - jiff::SignedDuration::from_secs(61)),
            "the proof is too old, or from the future",
        ),
        (scene.key.sign(&json!({"htm": "GET"})), "the proof is malformed"),
        ("no.proof.atall".to_owned(), "the proof is malformed"),
    ] {
        refused(&scene.get(PATH, &[("dpop", &proof)]).await, detail);
    }
}

#[tokio::test]
async fn nobody_is_believed_when_it_cannot_be_told_whether_a_proof_is_new() {
    let scene = Scene::new().await;
    scene.bed.set_down("limits", true);
    let reply = scene.get(PATH, &[("dpop", &scene.proof())]).await;
    assert_eq!((reply.status, reply.code()), (503, "dependency_unavailable"));
}
