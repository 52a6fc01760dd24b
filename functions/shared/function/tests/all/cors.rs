//! Pages of other origins, as browsers let them call.

use axum::Router;
use axum::routing::get;
use http::HeaderMap;
use mcsp_function::{Caller, Context, MissingVariable};
use mcsp_testbed::{Component, Setup, Testbed};

/// It has the variable `web_origins`; so do not all.
const COMPONENT: &str = "upload-sessions";
const ORIGINS: &str = r#"["https://studio.example", "http://localhost:3000"]"#;
const PAGE: (&str, &str) = ("origin", "https://studio.example");
const PREFLIGHT: [(&str, &str); 2] = [
    ("access-control-request-method", "PATCH"),
    ("access-control-request-headers", "authorization,upload-offset"),
];
const ALL_LEAVE: [&str; 5] = [
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-allow-credentials",
    "access-control-expose-headers",
];

fn router(_: &Context) -> Result<Router<Context>, MissingVariable> {
    let options = get(async || "seen").options(async || "what there is");
    Ok(Router::new().route("/", options).route("/mine", get(async |_: Caller| "mine")))
}

/// What it stands on, and the component.
async fn stand(origins: &str) -> (Testbed, Component) {
    let limits = toml::from_str("defaults.address = { per_minute = 1, burst = 2 }").unwrap();
    let unused =
        ["object_store_access_key", "object_store_secret_key"].map(|name| (name, "unused".to_owned()));
    let variables = [("web_origins", origins.to_owned())].into_iter().chain(unused).collect();
    let setup = Setup { variables, limits: Some(limits), ..Setup::default() };
    let bed = Testbed::without_database("upload", setup).await;
    let component = bed.component(COMPONENT, router);
    (bed, component)
}

fn assert_no_leave(headers: &HeaderMap) {
    for name in ALL_LEAVE {
        assert!(!headers.contains_key(name), "{headers:?}");
    }
}

#[tokio::test]
async fn a_page_that_is_listed_may_call_and_read_answers_and_refusals() {
    let (_bed, component) = stand(ORIGINS).await;
    let address = ("spin-client-addr", "192.0.2.1:5001");
    // More often than one may ask: to ask for leave costs nothing.
    for _ in 0..5 {
        let asked: Vec<_> = PREFLIGHT.into_iter().chain([PAGE, address]).collect();
        let leave = component.send(("OPTIONS", "/"), &asked, None).await;
        assert_eq!((leave.status, leave.text.as_str()), (204, ""));
        assert_eq!(leave.headers["access-control-allow-origin"], PAGE.1);
        assert!(leave.headers["access-control-allow-methods"].to_str().unwrap().contains("PATCH"));
        assert_eq!(leave.headers["access-control-allow-headers"], PREFLIGHT[1].1);
        assert!(!leave.headers.contains_key("access-control-allow-credentials"));
        assert!(leave.headers.get_all("vary").iter().any(|name| name == "origin"));
    }
    for (path, status) in [("/", 200), ("/mine", 401), ("/", 429)] {
        let answer = component.send(("GET", path), &[PAGE, address], None).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.headers["access-control-allow-origin"], PAGE.1, "{path}");
        assert_eq!(answer.headers["access-control-expose-headers"], "*", "{path}");
        assert_eq!(answer.headers["vary"], "origin", "{path}");
    }
}

#[tokio::test]
async fn no_other_page_has_leave() {
    let (_bed, component) = stand(ORIGINS).await;
    for origin in [
        "https://studio.example.evil.example",
        "http://studio.example",
        "https://studio.example:8443",
        "http://localhost",
        "null",
        "*",
    ] {
        let asked: Vec<_> = PREFLIGHT.into_iter().chain([("origin", origin)]).collect();
        for (method, headers) in [("OPTIONS", &asked[..]), ("GET", &[("origin", origin)][..])] {
            let answer = component.send((method, "/"), headers, None).await;
            assert_no_leave(&answer.headers);
            assert_eq!(answer.headers["vary"], "origin", "{origin}: a cache keeps it for no other page");
        }
    }
}

#[tokio::test]
async fn options_that_ask_for_no_leave_are_the_routes_own() {
    let (_bed, component) = stand(ORIGINS).await;
    let told = component.send(("OPTIONS", "/"), &[PAGE], None).await;
    assert_eq!((told.status, told.text.as_str()), (200, "what there is"));
    assert_eq!(told.headers["access-control-allow-origin"], PAGE.1);
}

#[tokio::test]
async fn where_no_origin_is_listed_there_is_nothing_of_it() {
    let (_bed, component) = stand("[]").await;
    for method in ["OPTIONS", "GET"] {
        let asked: Vec<_> = PREFLIGHT.into_iter().chain([PAGE]).collect();
        let answer = component.send((method, "/"), &asked, None).await;
        assert_no_leave(&answer.headers);
        assert!(!answer.headers.contains_key("vary"), "{method}");
    }
}
