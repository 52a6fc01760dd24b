//! The general limits as callers meet them, through the real bridge.

use axum::Router;
use axum::routing::get;
use mcsp_access::Role;
use mcsp_function::{Caller, Context, FromPlatform, MissingVariable};
use mcsp_testbed::{BRIDGE_TOKEN, Component, Reply, Setup, Testbed, new_id};

/// So seldom that nothing comes back while a test runs.
const LIMITS: &str = "defaults.user = { per_minute = 1, burst = 3 }\n\
                      defaults.address = { per_minute = 1, burst = 2 }";
const ADDRESS: (&str, &str) = ("spin-client-addr", "192.0.2.1:5001");

fn router(_: &Context) -> Result<Router<Context>, MissingVariable> {
    Ok(Router::new()
        .route("/", get(async || "seen"))
        .route("/mine", get(async |_: Caller| "seen"))
        .route("/internal", get(async |_: FromPlatform| "seen")))
}

async fn bed() -> Testbed {
    let setup = Setup { limits: Some(toml::from_str(LIMITS).unwrap()), ..Setup::default() };
    Testbed::without_database("content", setup).await
}

async fn get_with(component: &Component, path: &str, headers: &[(&str, &str)]) -> Reply {
    component.send(("GET", path), headers, None).await
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

fn assert_limited(reply: &Reply, policy: &str) {
    assert_eq!((reply.status, reply.code()), (429, "rate_limited"), "{}", reply.json);
    assert_eq!(header(reply, "ratelimit-policy"), policy);
    assert!(header(reply, "ratelimit").starts_with("\"default\";r=0;t="), "{:?}", reply.headers);
    let wait_s: u64 = header(reply, "retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait_s), "{wait_s}");
}

#[tokio::test]
async fn a_user_over_the_limit_is_refused_and_no_other() {
    let bed = bed().await;
    let component = bed.component("content-videos", router);
    let (eager, patient) = (bed.bearer(new_id(), Role::Viewer), bed.bearer(new_id(), Role::Viewer));
    for remaining in ["2", "1", "0"] {
        let reply = get_with(&component, "/mine", &[("authorization", &eager), ADDRESS]).await;
        assert_eq!(reply.status, 200);
        assert_eq!(header(&reply, "ratelimit-policy"), "\"default\";q=3;w=180");
        let told = header(&reply, "ratelimit");
        assert!(told.starts_with(&format!("\"default\";r={remaining};t=")), "{told}");
    }
    let refused = get_with(&component, "/mine", &[("authorization", &eager), ADDRESS]).await;
    assert_limited(&refused, "\"default\";q=3;w=180");
    // A path that is not there counts too, and an instance more changes nothing.
    let another = bed.component("content-videos", router);
    assert_eq!(get_with(&another, "/nowhere", &[("authorization", &eager)]).await.status, 429);
    let reply = get_with(&component, "/mine", &[("authorization", &patient), ADDRESS]).await;
    assert_eq!(reply.status, 200, "the same address, and another user");
    let reply = get_with(&component, "/", &[ADDRESS]).await;
    assert_eq!(reply.status, 200, "the same address, and nobody");
    let neighbour = bed.component("content-publication", router);
    let reply = get_with(&neighbour, "/mine", &[("authorization", &eager), ADDRESS]).await;
    assert_eq!(reply.status, 200, "another component");
}

#[tokio::test]
async fn who_shows_no_valid_token_is_counted_by_network() {
    let bed = bed().await;
    let component = bed.component("content-videos", router);
    let from = |address: &'static str| ("spin-client-addr", address);
    let invalid = ("authorization", "Bearer x");
    let refused = get_with(&component, "/mine", &[invalid, from("[2001:db8::1]:1")]).await;
    assert_eq!((refused.status, refused.code()), (401, "invalid_token"));
    assert!(header(&refused, "ratelimit").starts_with("\"default\";r=1;"), "{:?}", refused.headers);
    assert_eq!(get_with(&component, "/", &[from("[2001:db8::ffff]:2")]).await.status, 200);
    let refused = get_with(&component, "/mine", &[invalid, from("[2001:db8::2]:3")]).await;
    assert_limited(&refused, "\"default\";q=2;w=120");
    assert_eq!(get_with(&component, "/", &[from("[2001:db8:0:1::1]:1")]).await.status, 200);
    let user = bed.bearer(new_id(), Role::Viewer);
    let reply = get_with(&component, "/mine", &[("authorization", &user), from("[2001:db8::1]:1")]).await;
    assert_eq!(reply.status, 200, "whom the token names is not held liable for the network");
}

#[tokio::test]
async fn calls_of_the_platform_are_not_counted_nor_those_of_unknown_origin() {
    let bed = bed().await;
    // The one that other services call.
    let component = bed.component("content-catalog", router);
    let platform = format!("Bearer {BRIDGE_TOKEN}");
    for _ in 0..20 {
        let reply = get_with(&component, "/internal", &[("authorization", &platform), ADDRESS]).await;
        assert_eq!((reply.status, header(&reply, "ratelimit")), (200, ""));
        let reply = get_with(&component, "/", &[]).await;
        assert_eq!((reply.status, header(&reply, "ratelimit")), (200, ""));
    }
    for status in [404, 404, 429] {
        let pretended = [("authorization", "Bearer guessed"), ADDRESS];
        assert_eq!(get_with(&component, "/internal", &pretended).await.status, status);
    }
}

#[tokio::test]
async fn nobody_is_refused_because_the_bridge_cannot_count() {
    let bed = bed().await;
    let component = bed.component("content-videos", router);
    let user = bed.bearer(new_id(), Role::Viewer);
    bed.set_down("limits", true);
    for _ in 0..20 {
        let reply = get_with(&component, "/mine", &[("authorization", &user), ADDRESS]).await;
        assert_eq!((reply.status, header(&reply, "ratelimit")), (200, ""));
    }
    bed.set_down("limits", false);
    let reply = get_with(&component, "/mine", &[("authorization", &user), ADDRESS]).await;
    assert!(header(&reply, "ratelimit").starts_with("\"default\";r=2;"));
}
