//! The page that is made of the committed document.

#![allow(clippy::expect_used)]

use std::collections::BTreeSet;

fn page() -> String {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let document = std::fs::read_to_string(document).expect("docs/openapi.json");
    mcsp_page::render(&serde_json::from_str(&document).expect("JSON"))
}

/// What stands in quotes after each `attribute`.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_link_within_the_page_leads_somewhere() {
    let page = page();
    let ids = values(&page, " id=\"");
    let known: BTreeSet<_> = ids.iter().copied().collect();
    assert_eq!(ids.len(), known.len(), "an id stands twice");
    let links = values(&page, " href=\"#");
    assert!(links.len() > known.len());
    for link in links {
        assert!(known.contains(link), "#{link}");
    }
}

#[test]
fn what_the_document_says_is_text_and_no_html() {
    let document = serde_json::json!({
        "info": {"title": "<b>", "description": "<script>alert(1)</script>"},
        "tags": [{"name": "T"}],
        "paths": {"/x": {"get": {"tags": ["T"], "operationId": "x", "summary": "\"><img src=x>", "responses": {}}}},
    });
    let page = mcsp_page::render(&document);
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<b>"), "{page}");
}
