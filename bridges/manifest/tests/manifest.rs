//! Manifests as people write them, right and wrong.

#![allow(clippy::unwrap_used)]

use mcsp_manifest::{Dependency, Manifest, VariableError, Variables};
use std::path::{Path, PathBuf};

const PLATFORM: &str = r#"
spin_manifest_version = 2
[application]
name = "mcsp"
version = "0.1.0"

[variables]
bridge_url = { default = "http://127.0.0.1:9095" }
bridge_token = { required = true, secret = true }

[[trigger.http]]
route = "/v1/videos/:id/publish"
component = "content-publication"

[[trigger.http]]
route = "/events/content-events"
component = "content-events"

[[trigger.http]]
route = { private = true }
component = "content-publication"

[component.content-publication]
source = "target/wasm32-wasip2/release/content_publication.wasm"
allowed_outbound_hosts = ["{{ bridge_url }}"]
dependencies_inherit_configuration = true
[component.content-publication.build]
command = "cargo build --target wasm32-wasip2 --release -p content-publication"
[component.content-publication.dependencies]
"mcsp:bridge/postgres@0.1.0" = { path = "target/wasm32-wasip2/release/bridge_adapter.wasm" }
[component.content-publication.variables]
bridge_url = "{{ bridge_url }}/"
bridge_token = "{{ bridge_token }}"
bridge_component = "content-publication"
[component.content-publication.tool.mcsp]
service = "content"
postgres = true
produces = ["media.published", "media.changed"]
redis = ["content:"]
services = ["auth"]
optional_services = ["ranges"]
pinned = 2
memory_mib = 32
rate_limit = { per_minute = 1200, burst = 200 }

[component.content-events]
source = "content_events.wasm"
[component.content-events.tool.mcsp]
service = "content"
postgres = true
consumes = ["media.processing.changed"]
events_path = "/events/content-events"
"#;

fn parse(text: &str) -> Result<Manifest, String> {
    Manifest::parse(text, Path::new("/app")).map_err(|error| error.to_string())
}

fn refusal(from: &str, to: &str) -> String {
    assert!(PLATFORM.contains(from), "{from}");
    parse(&PLATFORM.replace(from, to)).unwrap_err()
}

#[test]
fn a_component_has_its_grants_and_the_defaults_of_its_limits() {
    let manifest = parse(PLATFORM).unwrap();
    let component = &manifest.components["content-publication"];
    assert_eq!(component.source, PathBuf::from("/app/target/wasm32-wasip2/release/content_publication.wasm"));
    assert_eq!(component.build, ["cargo build --target wasm32-wasip2 --release -p content-publication"]);
    let adapter = PathBuf::from("/app/target/wasm32-wasip2/release/bridge_adapter.wasm");
    assert_eq!(component.dependencies["mcsp:bridge/postgres@0.1.0"], Dependency::Local(adapter));
    let settings = &component.settings;
    assert!(settings.grants.postgres);
    assert!(!settings.grants.passwords);
    assert_eq!(settings.grants.produces, ["media.published", "media.changed"]);
    assert_eq!(settings.limits.pinned, 2);
    assert_eq!(settings.limits.memory_mib, 32);
    assert_eq!(settings.limits.timeout_ms, 10_000);
    assert_eq!(settings.limits.max_concurrent_requests, 256);
    let limit = settings.rate_limits.user.unwrap();
    assert_eq!((limit.per_minute.get(), limit.burst.get()), (1_200, 200));
    assert_eq!(settings.rate_limits.address, None);
}

#[test]
fn a_component_without_a_table_of_its_own_is_granted_nothing() {
    let manifest = parse(&PLATFORM.replace(
        "[component.content-events.tool.mcsp]",
        "[component.x]\nsource = 'x'\n[component.content-events.tool.mcsp]",
    ))
    .unwrap();
    assert_eq!(manifest.components["x"].settings, mcsp_manifest::Settings::default());
}

#[test]
fn topics_are_all_that_flow_and_their_dead_letters() {
    let topics = parse(PLATFORM).unwrap().topics();
    assert_eq!(
        topics.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "media.changed",
            "media.changed.dlq",
            "media.processing.changed",
            "media.processing.changed.dlq",
            "media.published",
            "media.published.dlq"
        ]
    );
}

#[test]
fn services_are_found_with_their_components() {
    let manifest = parse(PLATFORM).unwrap();
    assert_eq!(manifest.services().into_iter().collect::<Vec<_>>(), ["content"]);
    let ids: Vec<_> = manifest.components_of("content").map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["content-events", "content-publication"]);
}

#[test]
fn a_private_trigger_is_no_route() {
    assert_eq!(parse(PLATFORM).unwrap().routes.len(), 2);
}

#[test]
fn a_given_variable_stands_above_its_default() {
    let manifest = parse(PLATFORM).unwrap();
    let token = |name: &str| (name == "bridge_token").then(|| "t".to_owned());
    let defaults = Variables::resolve(&manifest, token).unwrap().of("content-publication");
    assert_eq!(defaults["bridge_url"], "http://127.0.0.1:9095/");
    assert_eq!(defaults["bridge_token"], "t");
    let given = Variables::resolve(&manifest, |_| Some("x".into())).unwrap().of("content-publication");
    assert_eq!(given["bridge_url"], "x/");
    assert_eq!(given["bridge_component"], "content-publication");
}

#[test]
fn a_required_variable_that_is_not_given_names_its_environment_variable() {
    let error = Variables::resolve(&parse(PLATFORM).unwrap(), |_| None).unwrap_err();
    assert_eq!(error, VariableError::Missing { name: "bridge_token".into() });
    assert_eq!(error.to_string(), "variable `bridge_token` is required: set SPIN_VARIABLE_BRIDGE_TOKEN");
}

#[test]
fn values_of_variables_are_not_shown() {
    let variables = Variables::resolve(&parse(PLATFORM).unwrap(), |_| Some("hunter2".into())).unwrap();
    assert!(!format!("{variables:?}").contains("hunter2"));
}

#[test]
fn an_unknown_key_under_tool_mcsp_is_refused_with_its_component() {
    let error = refusal("pinned = 2", "pined = 2");
    assert!(
        error.starts_with("component `content-publication`, tool.mcsp: unknown field `pined`"),
        "{error}"
    );
}

#[test]
fn what_would_go_wrong_later_is_refused_with_its_place() {
    for (from, to, message) in [
        ("spin_manifest_version = 2", "spin_manifest_version = 1", "spin_manifest_version is 1"),
        (
            "component = \"content-events\"",
            "component = \"contents\"",
            "route `/events/content-events`: there is no component `contents`",
        ),
        (
            "route = \"/events/content-events\"",
            "route = \"/v1/videos/:video/publish\"",
            "match the same paths",
        ),
        (
            "route = \"/events/content-events\"",
            "route = \"/events/other\"",
            "component `content-events`, events_path: no [[trigger.http]] leads",
        ),
        ("events_path = \"/events/content-events\"", "", "component `content-events`, events_path: missing"),
        (
            "consumes = [\"media.processing.changed\"]\nevents_path = \"/events/content-events\"",
            "timers = true",
            "component `content-events`, events_path: missing",
        ),
        (
            "postgres = true\nconsumes = [\"media.processing.changed\"]",
            "timers = true",
            "component `content-events`, timers: without `postgres`",
        ),
        (
            "consumes = [\"media.processing.changed\"]",
            "",
            "component `content-events`, events_path: nothing is delivered without",
        ),
        ("\"{{ bridge_url }}/\"", "\"{{ brigde_url }}\"", "there is no application variable `brigde_url`"),
        ("\"{{ bridge_url }}/\"", "\"{{ bridge_url\"", "`bridge_url`: `{{` without `}}`"),
        ("required = true, secret = true", "secret = true", "variable `bridge_token`: it needs a default"),
        ("memory_mib = 32", "memory_mib = 0", "memory_mib: 0 is not between 1 and 1024"),
        ("memory_mib = 32", "memory_mib = -1", "tool.mcsp"),
        ("per_minute = 1200", "per_minute = 0", "tool.mcsp"),
        ("burst = 200", "brust = 200", "unknown field `brust`"),
        ("redis = [\"content:\"]", "redis = [\"\"]", "redis: an empty prefix"),
        ("redis = [\"content:\"]", "memory = [\"\"]", "memory: an empty prefix"),
        ("services = [\"auth\"]", "services = [\"Auth\"]", "services: `Auth` is not lower case letters"),
        ("[\"ranges\"]", "[\"http://ranges\"]", "optional_services: `http://ranges` is not lower case"),
        ("service = \"content\"\npostgres = true\nproduces", "postgres = true\nproduces", "service: missing"),
        ("\"media.published\"", "\"media.published.dlq\"", "is a dead-letter topic"),
        ("\"media.published\"", "\"media published\"", "characters that Kafka does not take"),
        ("source = \"content_events.wasm\"", "sauce = \"x\"", "unknown field `sauce`"),
        ("[[trigger.http]]", "[[trigger.redis]]", "unknown field `redis`"),
    ] {
        let error = refusal(from, to);
        assert!(error.contains(message), "{to:?}: {error}");
    }
}

#[test]
fn a_manifest_that_is_not_there_is_named() {
    let error = Manifest::load(Path::new("/nowhere/spin.toml")).unwrap_err();
    assert_eq!(error.to_string(), "cannot read /nowhere/spin.toml");
}

#[test]
fn a_part_of_the_application_has_its_own_components_and_routes_alone() {
    let two = PLATFORM.replace(
        "[component.content-events]\nsource = \"content_events.wasm\"\n[component.content-events.tool.mcsp]\nservice = \"content\"",
        "[component.content-events]\nsource = \"content_events.wasm\"\n[component.content-events.tool.mcsp]\nservice = \"search\"",
    );
    let whole = Manifest::parse(&two, Path::new("")).unwrap();
    let part = whole.clone().only(&["search".to_owned()].into()).unwrap();
    assert_eq!(part.components.keys().collect::<Vec<_>>(), ["content-events"]);
    assert_eq!(
        part.routes.iter().map(|route| route.path.as_str()).collect::<Vec<_>>(),
        ["/events/content-events"]
    );
    // What its components do not use need not be given.
    assert!(Variables::resolve(&whole, |_| None).is_err());
    assert!(Variables::resolve(&part, |_| None).is_ok());
    let unknown = whole.only(&["serach".to_owned()].into()).unwrap_err();
    assert_eq!(unknown.to_string(), "no component belongs to a service `serach`");
}
