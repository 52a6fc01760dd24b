//! The published keys as instances find them: through the real bridge, from an Auth that rotates its keys.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, header};
use mcsp_access::{Role, SigningKey, issue};
use mcsp_function::{Caller, Context, MissingVariable};
use mcsp_testbed::{Component, Reply, Setup, Testbed, new_id, serve};
use serde_json::json;
use std::sync::{Arc, Mutex};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// As an answer that is too old for whoever looks for a new key, and fresh for everyone else.
const OLD_S: u64 = 11;
/// How soon an instance may look again.
const PAUSE_S: i64 = 10;

/// Auth, as far as its keys go.
struct Auth {
    published: Mutex<Vec<&'static str>>,
    age_s: u64,
    asked: Mutex<Vec<HeaderMap>>,
}

impl Auth {
    fn answer(&self, headers: HeaderMap) -> Response {
        self.asked.lock().unwrap().push(headers);
        let keys: Vec<_> = self.published.lock().unwrap().iter().map(|id| key(id).public_jwk()).collect();
        let caching = [
            (header::CACHE_CONTROL, "public, max-age=300, stale-if-error=86400".to_owned()),
            (header::AGE, self.age_s.to_string()),
        ];
        (caching, json!({ "keys": keys }).to_string()).into_response()
    }

    fn rotate(&self, published: &[&'static str]) {
        *self.published.lock().unwrap() = published.to_vec();
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn key(id: &str) -> SigningKey {
    let seed = id.bytes().fold([0; 32], |mut seed: [u8; 32], byte| {
        seed.rotate_left(1);
        seed[0] ^= byte;
        seed
    });
    SigningKey::from_seed(id, &seed)
}

/// A component that tells nothing but whether it believes a token.
fn router(_: &Context) -> Result<Router<Context>, MissingVariable> {
    Ok(Router::new().route("/", get(async |_: Caller| "believed")))
}

struct Scene {
    bed: Testbed,
    auth: Arc<Auth>,
}

impl Scene {
    /// With `k1` published, in answers of this age.
    async fn with_answers_of_age(age_s: u64) -> Scene {
        let auth = Auth { published: Mutex::new(vec!["k1"]), age_s, asked: Mutex::default() };
        let auth = Arc::new(auth);
        let asked = Arc::clone(&auth);
        let answer = async move |headers: HeaderMap| asked.answer(headers);
        let served = serve(Router::new().route("/.well-known/jwks.json", get(answer))).await;
        let targets = vec![("auth", served)];
        let bed = Testbed::without_database("content", Setup { targets, ..Setup::default() }).await;
        Scene { bed, auth }
    }

    fn instance(&self) -> Component {
        self.bed.component("content-videos", router)
    }

    async fn show(&self, instance: &Component, key_id: &str) -> Reply {
        let claims = self.bed.claims(new_id(), Role::Viewer);
        let bearer = format!("Bearer {}", issue(&key(key_id), &claims));
        instance.send(("GET", "/"), &[("authorization", &bearer), ("traceparent", TRACE)], None).await
    }
}

#[tokio::test]
async fn a_new_key_is_found_while_the_bridge_keeps_a_fresh_copy_of_the_old_ones() {
    let scene = Scene::with_answers_of_age(OLD_S).await;
    let before = scene.instance();
    assert_eq!(scene.show(&before, "k1").await.status, 200);
    scene.auth.rotate(&["k2", "k1"]);
    assert_eq!(scene.show(&before, "k2").await.status, 200);
    assert_eq!(scene.auth.asked(), 2);
    // What it found is there for the others.
    assert_eq!(scene.show(&scene.instance(), "k2").await.status, 200);
    assert_eq!(scene.auth.asked(), 2);
}

#[tokio::test]
async fn an_instance_that_was_given_an_old_copy_looks_at_once() {
    let scene = Scene::with_answers_of_age(OLD_S).await;
    assert_eq!(scene.show(&scene.instance(), "k1").await.status, 200);
    scene.auth.rotate(&["k2"]);
    assert_eq!(scene.show(&scene.instance(), "k2").await.status, 200);
}

#[tokio::test]
async fn tokens_with_invented_keys_make_an_instance_look_once_in_a_while() {
    let scene = Scene::with_answers_of_age(OLD_S).await;
    let instance = scene.instance();
    for looks in 1..=2 {
        for n in 0..20 {
            let refused = scene.show(&instance, &format!("invented-{n}")).await;
            assert_eq!((refused.status, refused.code()), (401, "invalid_token"));
        }
        assert_eq!(scene.auth.asked(), 1 + looks);
        scene.bed.pass(PAUSE_S);
    }
}

#[tokio::test]
async fn tokens_with_invented_keys_cost_auth_nothing_while_the_bridges_copy_is_young() {
    let scene = Scene::with_answers_of_age(0).await;
    for n in 0..20 {
        let refused = scene.show(&scene.instance(), &format!("invented-{n}")).await;
        assert_eq!(refused.status, 401);
    }
    assert_eq!(scene.auth.asked(), 1);
}

#[tokio::test]
async fn auth_is_asked_within_the_trace() {
    let scene = Scene::with_answers_of_age(OLD_S).await;
    let instance = scene.instance();
    scene.show(&instance, "k1").await;
    scene.show(&instance, "k2").await;
    let asked = scene.auth.asked.lock().unwrap();
    assert_eq!(asked.iter().map(|headers| &headers["traceparent"]).collect::<Vec<_>>(), [TRACE, TRACE]);
}
