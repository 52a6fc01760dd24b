//! Code that was compiled before, where the program was built: for images whose file system cannot be written.

use crate::error::{CodeError, StartError};
use crate::{code, engine, host, instance};
use mcsp_manifest::Manifest;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use wasmtime::Engine;

/// Compiles every component for all machines of this one's architecture, and checks that each can be linked. Gives the
/// number of components.
pub fn precompile(manifest: &Manifest, dir: &Path) -> Result<usize, StartError> {
    let engine = engine::portable().map_err(StartError::Engine)?;
    let host = engine::new(1).map_err(StartError::Engine)?;
    let refused = |path: &Path, source| CodeError::Cache { path: path.to_owned(), source };
    for component in manifest.components.values() {
        let compile = || {
            std::fs::create_dir_all(dir).map_err(|source| refused(dir, source))?;
            let wasm = std::fs::read(&component.source)
                .map_err(|source| CodeError::Source { path: component.source.clone(), source })?;
            let code = engine
                .precompile_component(&wasm)
                .map_err(|source| CodeError::Compile { path: component.source.clone(), source })?;
            let path = place_of(dir, &component.id);
            std::fs::write(&path, code).map_err(|source| refused(&path, source))?;
            let loaded = code::load(&host, &path).map_err(CodeError::Link)?;
            instance::link(&host::linker(&host).map_err(CodeError::Link)?, &loaded)?;
            Ok(())
        };
        compile().map_err(|source| StartError::Component { component: component.id.clone(), source })?;
    }
    Ok(manifest.components.len())
}

/// The compiled code of every component.
pub(crate) fn find_all(
    engine: &Engine,
    dir: &Path,
    manifest: &Manifest,
) -> Result<HashMap<String, PathBuf>, StartError> {
    let refused = |component: &str, source| StartError::Component { component: component.to_owned(), source };
    // What lies here is executed.
    let open = code::is_writable_by_others(dir)
        .map_err(|source| refused("precompiled", CodeError::Cache { path: dir.to_owned(), source }))?;
    if open {
        return Err(refused("precompiled", CodeError::CacheOfOthers { path: dir.to_owned() }));
    }
    let mut found = HashMap::new();
    for id in manifest.components.keys() {
        let path = place_of(dir, id);
        // Mapped and let go again, so that code of another version is told at the start.
        code::load(engine, &path)
            .map_err(|source| refused(id, CodeError::Precompiled { path: path.clone(), source }))?;
        found.insert(id.clone(), path);
    }
    Ok(found)
}

fn place_of(dir: &Path, component: &str) -> PathBuf {
    dir.join(component).with_extension("cwasm")
}
