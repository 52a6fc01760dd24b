//! What scripts of other origins may call.

use auth_tests::Stand;

const ORIGIN: &str = "https://app.example";

#[tokio::test]
async fn an_application_in_a_browser_may_call_what_it_needs() {
    let stand = Stand::new().await;
    for (method, path) in [
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/.well-known/jwks.json"),
        ("POST", "/oauth/par"),
        ("POST", "/oauth/token"),
        ("POST", "/oauth/revoke"),
        ("GET", "/oauth/userinfo"),
    ] {
        let asks = [
            ("origin", ORIGIN),
            ("access-control-request-method", method),
            ("access-control-request-headers", "authorization"),
        ];
        let leave = stand.oauth.send(("OPTIONS", path), &asks, None).await;
        assert_eq!(leave.status, 200, "{path}");
        assert_eq!(leave.headers["access-control-allow-origin"], "*", "{path}");
        assert!(leave.headers["access-control-allow-methods"].to_str().unwrap().contains(method), "{path}");
        assert!(leave.headers["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
        assert!(!leave.headers.contains_key("access-control-allow-credentials"), "{path}");
        let answer = stand.oauth.send((method, path), &[("origin", ORIGIN)], None).await;
        assert_eq!(answer.headers["access-control-allow-origin"], "*", "{path}: also of a refusal");
        assert!(!answer.headers.contains_key("vary"), "{path}: caches keep one answer for all");
    }
}

#[tokio::test]
async fn pages_and_what_servers_call_are_for_no_script() {
    let stand = Stand::new().await;
    for path in ["/oauth/authorize", "/oauth/device", "/oauth/introspect", "/oauth/device_authorization"] {
        for method in ["OPTIONS", "GET", "POST"] {
            let asks = [("origin", ORIGIN), ("access-control-request-method", "POST")];
            let reply = stand.oauth.send((method, path), &asks, None).await;
            assert!(!reply.headers.contains_key("access-control-allow-origin"), "{method} {path}");
        }
    }
}
