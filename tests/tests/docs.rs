//! The API reference, as the runner shows it.

use mcsp_tests::Platform;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

async fn read(path: &str) -> (u16, HeaderMap, String) {
    let platform = Platform::running();
    let response = platform.request(Method::GET, path).send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.text().await.expect("a text"))
}

#[tokio::test]
async fn the_document_is_the_committed_one() {
    let (status, headers, text) = read("/docs/openapi.json").await;
    assert_eq!((status, headers["content-type"].to_str().ok()), (200, Some("application/json")));
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    assert!(text == std::fs::read_to_string(committed).expect("docs/openapi.json"));
}

#[tokio::test]
async fn the_page_names_every_operation_and_may_load_nothing() {
    let (status, headers, page) = read("/docs").await;
    assert_eq!((status, headers["content-type"].to_str().ok()), (200, Some("text/html; charset=utf-8")));
    let policy = headers["content-security-policy"].to_str().expect("a policy");
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    let (_, _, document) = read("/docs/openapi.json").await;
    let document: Value = serde_json::from_str(&document).expect("JSON");
    for item in document["paths"].as_object().expect("paths").values() {
        for operation in item.as_object().expect("operations").values() {
            let id = operation["operationId"].as_str().expect("a name");
            assert!(page.contains(&format!("<article class=\"operation\" id=\"{id}\">")), "{id}");
        }
    }
    // In its texts there may be a tag as an example.
    let tags = page.split('<').map(|rest| rest.split('>').next().unwrap_or_default());
    let loading: Vec<_> =
        tags.skip(1).filter(|tag| tag.starts_with("script") || tag.contains("src=")).collect();
    assert!(!page.contains("url("));
    assert!(loading.is_empty(), "{loading:?}");
}
