//! What every route refuses, and how: a problem document with a stable code, never a 5xx.
//!
//! The table below names each route of `spin.toml` with each of its methods. A route or method that is
//! missing here fails the test, so that a new endpoint comes with its cases.

use mcsp_access::{Claims, Role};
use mcsp_tests::routes::{Auth, ROUTES, Route};
use mcsp_tests::{Account, Operator, Platform, claims, permissions, platform_key};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

fn request(account: &Account, route: &Route, path: &str) -> RequestBuilder {
    let method = Method::from_bytes(route.method.as_bytes()).expect("a method");
    let request =
        account.platform.request(method, path).header("idempotency-key", Uuid::new_v4().to_string());
    match route.auth {
        Auth::Bearer => request.bearer_auth(&account.token),
        Auth::Platform => request.bearer_auth(Operator::of_running().token()),
        Auth::None | Auth::Optional => request,
    }
}

fn routes_with_bodies() -> impl Iterator<Item = (&'static Route, Value)> {
    ROUTES.iter().filter_map(|route| Some((route, serde_json::from_str(route.body?).expect("JSON"))))
}

#[test]
fn every_public_route_of_the_manifest_is_in_the_table() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../spin.toml");
    let manifest = mcsp_manifest::Manifest::load(manifest.as_ref()).expect("spin.toml");
    let internal: BTreeSet<_> =
        manifest.components.values().filter_map(|c| c.settings.grants.events_path.clone()).collect();
    let in_manifest: BTreeSet<_> = manifest
        .routes
        .iter()
        .map(|route| route.path.clone())
        .filter(|path| !internal.contains(path))
        .collect();
    let in_table: BTreeSet<_> = ROUTES.iter().map(|route| route.manifest_route.to_owned()).collect();
    assert_eq!(in_manifest, in_table);
}

#[tokio::test]
async fn a_body_that_is_not_json_is_malformed() {
    let account = Platform::running().account("creator").await;
    for (route, _) in routes_with_bodies() {
        for text in ["{\"", "", "[1,]", "nul", "\u{0}"] {
            let request = request(&account, route, route.path).header("content-type", "application/json");
            account.platform.send(request.body(text)).await.refused(400, "malformed_json");
        }
    }
}

#[tokio::test]
async fn a_body_of_another_media_type_is_unsupported() {
    let account = Platform::running().account("creator").await;
    for (route, body) in routes_with_bodies() {
        for media_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            let request = request(&account, route, route.path).header("content-type", media_type);
            account
                .platform
                .send(request.body(body.to_string()))
                .await
                .refused(415, "unsupported_media_type");
        }
    }
}

#[tokio::test]
async fn an_unknown_field_is_named() {
    let account = Platform::running().account("creator").await;
    for (route, mut body) in routes_with_bodies() {
        body["surprise"] = json!(1);
        let answer = account.platform.send(request(&account, route, route.path).json(&body)).await;
        answer.refused(400, "invalid_request");
        assert_eq!(answer.json["errors"][0]["pointer"], "/surprise", "{}: {}", answer.request, answer.json);
        assert_eq!(answer.json["errors"][0]["code"], "unknown_field", "{}", answer.request);
    }
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_named() {
    let account = Platform::running().account("creator").await;
    for (route, body) in routes_with_bodies() {
        let fields: Vec<String> = body.as_object().expect("an object").keys().cloned().collect();
        for field in fields {
            let mut wrong = body.clone();
            wrong[&field] = json!({"not": ["what", "belongs", "here"]});
            let answer = account.platform.send(request(&account, route, route.path).json(&wrong)).await;
            answer.refused(400, "invalid_request");
            let pointer = answer.json["errors"][0]["pointer"].as_str().unwrap_or_default();
            assert!(pointer.starts_with(&format!("/{field}")), "{} {field}: {}", answer.request, answer.json);
        }
        for not_an_object in [json!([]), json!(1), json!(null), json!("text")] {
            let answer =
                account.platform.send(request(&account, route, route.path).json(&not_an_object)).await;
            answer.refused(400, "invalid_request");
        }
    }
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_too_large() {
    let account = Platform::running().account("creator").await;
    let large = json!({"filler": "x".repeat(1024 * 1024)});
    for (route, _) in routes_with_bodies() {
        let request = request(&account, route, route.path).json(&large);
        account.platform.send(request).await.refused(413, "body_too_large");
    }
}

/// The routes of OAuth take forms, and refuse as OAuth has it.
#[tokio::test]
async fn a_form_that_the_protocol_does_not_allow_is_an_invalid_request() {
    let platform = Platform::running();
    for (path, form) in ROUTES.iter().filter_map(|route| Some((route.path, route.form?))) {
        let request = || platform.request(Method::POST, path);
        for media_type in ["application/json", "text/plain", "multipart/form-data"] {
            let answer = request().header("content-type", media_type).body(form);
            platform.send(answer).await.refused_by_protocol(400, "invalid_request");
        }
        let is_form = || request().header("content-type", "application/x-www-form-urlencoded");
        let twice = format!("{form}&{form}");
        platform.send(is_form().body(twice)).await.refused_by_protocol(400, "invalid_request");
        let large = format!("{form}&filler={}", "x".repeat(64 * 1024));
        platform.send(is_form().body(large)).await.refused_by_protocol(413, "invalid_request");
        // A parameter that is not known is passed over, and so is one without a value.
        let more = format!("{form}&surprise=1&empty=");
        let answer = platform.send(is_form().body(more)).await;
        assert_ne!(answer.json["error"], "invalid_request", "{}: {}", answer.request, answer.text);
    }
}

/// The pages are for people: whatever comes is answered with one, and never with a script.
#[tokio::test]
async fn a_page_answers_nonsense_with_a_page() {
    let platform = Platform::running();
    for path in ROUTES.iter().filter(|route| route.is_page).map(|route| route.path).collect::<BTreeSet<_>>() {
        for query in ["", "?a=1&a=2", "?client_id=x", "?user_code=%00", "?%ff=%fe", "?form=x&step=allow"] {
            let path = format!("{path}{query}");
            let get = platform.get(&path).await;
            let form = platform
                .request(Method::POST, &path)
                .header("content-type", "application/x-www-form-urlencoded");
            let post = platform.send(form.body(query.trim_start_matches('?').to_owned())).await;
            let json = platform.send(platform.request(Method::POST, &path).json(&json!({}))).await;
            for answer in [get, post, json] {
                let status = answer.status.as_u16();
                assert!((200..500).contains(&status), "{} {query}: {status}", answer.request);
                if status != 303 {
                    assert!(
                        answer.header("content-type").starts_with("text/html"),
                        "{} {query}",
                        answer.request
                    );
                    assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
                }
            }
        }
    }
}

#[tokio::test]
async fn an_id_of_another_kind_is_invalid() {
    let account = Platform::running().account("creator").await;
    for route in ROUTES.iter().filter(|route| route.path != route.path_of_wrong_kind) {
        let request = request(&account, route, route.path_of_wrong_kind);
        let request = match route.body {
            Some(body) => request.header("content-type", "application/json").body(body),
            None => request,
        };
        account.platform.send(request).await.refused(400, "invalid_id");
    }
}

#[tokio::test]
async fn a_method_that_the_route_does_not_have_is_not_allowed() {
    let account = Platform::running().account("creator").await;
    for path in ROUTES.iter().map(|route| route.path).collect::<BTreeSet<_>>() {
        for method in METHODS {
            if ROUTES.iter().any(|route| route.path == path && route.method == method.as_str()) {
                continue;
            }
            let answer = account.platform.send(account.request(method, path)).await;
            answer.refused(405, "method_not_allowed");
            assert!(!answer.header("allow").is_empty(), "{}: no Allow header", answer.request);
        }
    }
}

#[tokio::test]
async fn without_a_token_protected_routes_ask_for_one() {
    let account = Platform::running().account("creator").await;
    for route in ROUTES.iter().filter(|route| matches!(route.auth, Auth::Bearer)) {
        let method = Method::from_bytes(route.method.as_bytes()).expect("a method");
        let mut request = account.platform.request(method, route.path);
        if let Some(body) = route.body {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = account.platform.send(request).await;
        answer.refused(401, "missing_token");
        assert!(answer.header("www-authenticate").starts_with("Bearer "), "{}", answer.request);
    }
}

#[tokio::test]
async fn a_broken_or_expired_token_is_refused_on_every_route_that_takes_one() {
    let account = Platform::running().account("creator").await;
    let expired = expired_token(&account).await;
    let (head, tail) = account.token.rsplit_once('.').expect("a JWS");
    let resigned = format!("{head}.{}", tail.chars().rev().collect::<String>());
    let broken = ["x".to_owned(), "a.b.c".to_owned(), resigned, account.token.replacen("ey", "ez", 1)];
    for route in ROUTES.iter().filter(|route| matches!(route.auth, Auth::Optional | Auth::Bearer)) {
        let method = Method::from_bytes(route.method.as_bytes()).expect("a method");
        for (token, code) in
            broken.iter().map(|token| (token, "invalid_token")).chain([(&expired, "expired_token")])
        {
            let mut request = account.platform.request(method.clone(), route.path).bearer_auth(token);
            if let Some(body) = route.body {
                request = request.header("content-type", "application/json").body(body);
            }
            account.platform.send(request).await.refused(401, code);
        }
    }
}

/// The detail names the permission, which the client compares with those that the API reference names.
#[tokio::test]
async fn what_a_viewer_may_not_do_is_forbidden() {
    let viewer = Platform::running().account("viewer").await;
    let may = |name: &str| Role::Viewer.permissions().iter().any(|permission| permission.as_str() == name);
    let mut forbidden = 0;
    for route in ROUTES.iter().filter(|route| matches!(route.auth, Auth::Bearer)) {
        let needed = permissions(route.method, route.path);
        if needed.is_empty() || needed.into_iter().any(may) {
            continue;
        }
        let request = request(&viewer, route, route.path);
        let request = match route.body {
            Some(body) => request.header("content-type", "application/json").body(body),
            None => request,
        };
        viewer.platform.send(request).await.refused(403, "insufficient_permission");
        forbidden += 1;
    }
    assert!(forbidden > 0, "no route asks for more than a viewer has");
}

#[tokio::test]
async fn every_answer_tells_the_rate_limit() {
    let account = Platform::running().account("creator").await;
    for route in ROUTES {
        let method = Method::from_bytes(route.method.as_bytes()).expect("a method");
        // The platform's own calls are not counted.
        let by_user = match route.auth {
            Auth::Platform => account.request(method.clone(), route.path),
            Auth::None | Auth::Optional | Auth::Bearer => request(&account, route, route.path),
        };
        let by_address = account.platform.request(method, route.path);
        for request in [by_user, by_address] {
            let answer = account.platform.send(request).await;
            let told = |name: &str| {
                let mut told = answer.headers.get_all(name).iter().map(|value| value.to_str().expect("text"));
                told.find(|limit| limit.starts_with("\"default\";")).map(numbers)
            };
            let name = &answer.request;
            let Some([quota, window_s]) = told("ratelimit-policy") else { panic!("{name}: no policy") };
            let Some([remaining, _reset_s]) = told("ratelimit") else { panic!("{name}: no limit") };
            assert!(quota > 0 && window_s > 0 && remaining < quota, "{name}: {:?}", answer.headers);
        }
    }
}

/// Of `"default";q=100;w=10`, as of `"default";r=99;t=1`.
fn numbers(limit: &str) -> [u64; 2] {
    let parameters = limit.split(';').skip(1);
    let numbers: Vec<u64> = parameters
        .map(|parameter| parameter.split_once('=').expect("a parameter").1.parse().expect("a number"))
        .collect();
    numbers.try_into().expect("two parameters")
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let platform = Platform::running();
    for path in [
        "/",
        "/v1",
        "/v2/videos",
        "/v1/nothing",
        "/v1/videos/",
        "/.env",
        "/events/content-events",
        "/%2e%2e/",
    ] {
        platform.get(path).await.refused(404, "not_found");
    }
}

/// What Auth signed an hour ago.
async fn expired_token(account: &Account) -> String {
    let user = account.user_id.parse().expect("a user id");
    let now = claims(&account.platform, user, Role::Creator);
    let claims = Claims { iat: now.iat - 3600, exp: now.exp - 3600, ..now };
    mcsp_access::issue(&platform_key().await, &claims)
}
