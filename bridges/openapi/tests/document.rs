//! The API reference is complete, and is the one that is committed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use mcsp_manifest::{Manifest, is_grpc};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn document() -> Value {
    mcsp_openapi::document().unwrap_or_else(|incomplete| panic!("{incomplete}"))
}

/// Each operation with its method and path.
fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        item.as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

#[test]
fn every_public_route_of_the_manifest_is_described_and_no_other() {
    let manifest = Manifest::load(&root().join("spin.toml")).expect("spin.toml");
    let internal: BTreeSet<_> =
        manifest.components.values().filter_map(|c| c.settings.grants.events_path.clone()).collect();
    // What is spoken by gRPC, docs/grpc describes.
    let is_described = |path: &&str| !internal.contains(*path) && !is_grpc(path);
    let routes = manifest.routes.iter().map(|route| route.path.as_str()).filter(is_described);
    // `:id` in the manifest is `{id}` in the document.
    let braced =
        |segment: &str| segment.strip_prefix(':').map_or(segment.to_owned(), |name| format!("{{{name}}}"));
    let routes: BTreeSet<_> =
        routes.map(|path| path.split('/').map(braced).collect::<Vec<_>>().join("/")).collect();
    let document = document();
    let described: BTreeSet<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(described, routes, "left: described, right: routes of spin.toml");
}

#[test]
fn the_committed_document_is_what_the_endpoints_say() {
    let committed = std::fs::read_to_string(root().join("docs/openapi.json")).expect("docs/openapi.json");
    assert!(
        committed == format!("{:#}\n", document()),
        "docs/openapi.json is outdated: run scripts/generate"
    );
}

#[test]
fn every_example_fits_its_schema() {
    let document = document();
    for (name, operation) in operations(&document) {
        let answers = operation["responses"].as_object().unwrap().values();
        let shared = answers.map(|answer| match answer["$ref"].as_str() {
            Some(place) => document.pointer(place.trim_start_matches('#')).expect("a shared response"),
            None => answer,
        });
        for body in shared.chain(operation.get("requestBody")) {
            let content = body["content"].as_object().into_iter().flatten();
            for (media_type, body) in content.filter(|(media_type, _)| *media_type != "text/html") {
                let mut schema = body["schema"].clone();
                schema["components"] = document["components"].clone();
                let validator = jsonschema::validator_for(&schema).expect("a schema");
                let errors: Vec<_> = validator.iter_errors(&body["example"]).map(|e| e.to_string()).collect();
                assert!(errors.is_empty(), "{name} {media_type}: {errors:?}\n{:#}", body["example"]);
            }
        }
    }
}

#[test]
fn every_operation_tells_how_often_one_may_ask() {
    let document = document();
    for (name, operation) in operations(&document) {
        let place = operation["responses"]["429"]["$ref"].as_str().unwrap_or("#/nowhere");
        let shared = document.pointer(place.trim_start_matches('#'));
        let refused = shared.unwrap_or(&operation["responses"]["429"]);
        let text = refused["description"].as_str().unwrap_or_default();
        assert!(text.contains("`rate_limited`"), "{name}: {refused:#}");
        for header in ["RateLimit", "RateLimit-Policy", "Retry-After"] {
            assert!(!refused["headers"][header].is_null(), "{name}: {header}");
        }
    }
}

/// The linker leaves out what no component calls. `scripts/test` builds them before the tests.
#[test]
fn no_component_carries_its_description() {
    let document = document();
    // A summary may be as short as what a page says.
    let texts: Vec<_> =
        operations(&document).filter_map(|(_, operation)| operation["description"].as_str()).collect();
    let manifest = Manifest::load(&root().join("spin.toml")).expect("spin.toml");
    for (name, component) in &manifest.components {
        let code = std::fs::read(&component.source).unwrap_or_else(|error| panic!("{name}: {error}"));
        for text in &texts {
            let found = code.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "{name} carries \"{text}\"");
        }
    }
}
