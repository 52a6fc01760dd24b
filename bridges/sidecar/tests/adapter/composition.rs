//! A component with the adapter inside, as stock Spin makes it of `[component.<id>.dependencies]`.

use mcsp_manifest::Manifest;
use std::path::{Path, PathBuf};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, PackageId, plug};

/// The only dependency that a component has: Spin takes no two of one package.
const BRIDGE: &str = "mcsp:bridge@0.1.0";

pub fn probe_with_adapter() -> Vec<u8> {
    with_adapter(&wasm_dir().join("probe.wasm"))
}

fn with_adapter(component: &Path) -> Vec<u8> {
    let mut graph = CompositionGraph::new();
    let socket = register(&mut graph, component);
    let adapter = register(&mut graph, &wasm_dir().join("bridge_adapter.wasm"));
    plug(&mut graph, vec![adapter], socket).unwrap();
    graph.encode(EncodeOptions::default()).unwrap()
}

fn register(graph: &mut CompositionGraph, path: &Path) -> PackageId {
    assert!(
        path.exists(),
        "{} is missing: run scripts/test, or scripts/lib/build-components hello probe",
        path.display()
    );
    let name = path.file_name().unwrap().to_string_lossy();
    let package = Package::from_file(&name, None, path, graph.types_mut()).unwrap();
    graph.register_package(package).unwrap()
}

#[test]
fn every_component_of_the_manifest_is_complete_with_the_adapter() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let manifest = Manifest::load(&root.join("spin.toml")).unwrap();
    assert!(!manifest.components.is_empty());
    for component in manifest.components.values() {
        let dependencies: Vec<_> = component.dependencies.keys().collect();
        assert_eq!(dependencies, [BRIDGE], "{}", component.id);
        let composed = with_adapter(&wasm_dir().join(component.source.file_name().unwrap()));
        let mut graph = CompositionGraph::new();
        let package = Package::from_bytes("composed", None, composed, graph.types_mut()).unwrap();
        let imports = graph.types()[package.ty()].imports.keys();
        let missing: Vec<_> = imports.filter(|name| name.starts_with("mcsp:bridge")).collect();
        assert!(missing.is_empty(), "{} still imports {missing:?}", component.id);
    }
}

/// Where the components are.
pub fn wasm_dir() -> PathBuf {
    std::env::var_os("MCSP_TEST_WASM_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/wasm32-wasip2/release"),
        PathBuf::from,
    )
}
