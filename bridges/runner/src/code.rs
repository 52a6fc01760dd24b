//! Compiled code: made once per `.wasm` file and engine, kept on disk, mapped into memory when needed.

use crate::error::CodeError;
use sha2::{Digest, Sha256};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Bumped when the way code is stored changes.
const FORMAT: u32 = 1;

/// Permission bits of group and others.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Compiled code by the content of its source, and by all that decides what the compiler makes of it.
#[derive(Clone)]
pub(crate) struct CodeCache {
    dir: PathBuf,
    engine: Engine,
}

impl CodeCache {
    pub(crate) fn open(dir: PathBuf, engine: Engine) -> Result<Self, CodeError> {
        // What lies here is executed, so nobody else may write it.
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .map_err(|source| CodeError::Cache { path: dir.clone(), source })?;
        if !is_ours_alone(&dir).map_err(|source| CodeError::Cache { path: dir.clone(), source })? {
            return Err(CodeError::CacheOfOthers { path: dir });
        }
        Ok(CodeCache { dir, engine })
    }

    /// The compiled code of a `.wasm` file, and whether it had to be compiled for this. Blocks.
    pub(crate) fn ensure(&self, source: &Path) -> Result<(PathBuf, bool), CodeError> {
        let unreadable = |error| CodeError::Source { path: source.to_owned(), source: error };
        let note = self.dir.join(self.note_name(source).map_err(unreadable)?);
        if let Ok(known) = std::fs::read_to_string(&note) {
            let compiled = self.dir.join(known);
            if compiled.exists() {
                return Ok((compiled, false));
            }
        }
        let wasm = std::fs::read(source).map_err(unreadable)?;
        let name = self.code_name(&wasm);
        let compiled = self.dir.join(&name);
        let fresh = !compiled.exists();
        if fresh {
            tracing::info!(source = %source.display(), "compiling");
            let code = self
                .engine
                .precompile_component(&wasm)
                .map_err(|error| CodeError::Compile { path: source.to_owned(), source: error })?;
            self.write(&compiled, &code)?;
        }
        self.write(&note, name.as_bytes())?;
        Ok((compiled, fresh))
    }

    /// Compiled code, by the content of its source.
    fn code_name(&self, wasm: &[u8]) -> String {
        let digest: String = Sha256::digest(wasm).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{digest}-{:016x}.cwasm", self.compiler())
    }

    /// A note of which code belongs to a file that has not changed since: reading and hashing all of them
    /// would take most of the time that a start takes.
    fn note_name(&self, source: &Path) -> std::io::Result<String> {
        let metadata = std::fs::metadata(source)?;
        let mut file = DefaultHasher::new();
        (std::fs::canonicalize(source)?, metadata.len(), metadata.modified()?).hash(&mut file);
        Ok(format!("{:016x}-{:016x}.note", file.finish(), self.compiler()))
    }

    /// Everything that decides what is made of the same source.
    fn compiler(&self) -> u64 {
        let mut compiler = DefaultHasher::new();
        (FORMAT, self.engine.precompile_compatibility_hash()).hash(&mut compiler);
        compiler.finish()
    }

    /// A file appears with all of its content or not at all, also when several threads or processes write
    /// it.
    fn write(&self, path: &Path, content: &[u8]) -> Result<(), CodeError> {
        static WRITES: AtomicU64 = AtomicU64::new(0);
        let write = WRITES.fetch_add(1, Ordering::Relaxed);
        let unfinished = path.with_extension(format!("{}-{write}.part", std::process::id()));
        std::fs::write(&unfinished, content)
            .and_then(|()| std::fs::rename(&unfinished, path))
            .map_err(|source| CodeError::Cache { path: path.to_owned(), source })
    }
}

fn is_ours_alone(dir: &Path) -> std::io::Result<bool> {
    let own = std::fs::metadata(dir)?.uid() == rustix::process::geteuid().as_raw();
    Ok(own && !is_writable_by_others(dir)?)
}

/// Whether users of the group, or all users, may write to a directory.
pub(crate) fn is_writable_by_others(dir: &Path) -> std::io::Result<bool> {
    Ok(std::fs::metadata(dir)?.mode() & WRITABLE_BY_OTHERS != 0)
}

/// Maps compiled code. Its pages are shared between engines and read when they are used.
pub(crate) fn load(engine: &Engine, compiled: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the file was written by `CodeCache`, whole, into a directory that only this user may write, or it came with
    // the program, in a directory that nobody but its owner may write. wasmtime refuses code of another version or configuration.
    unsafe { Component::deserialize_file(engine, compiled) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY_COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn code_is_compiled_once_and_found_by_content() {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("a.wasm");
        std::fs::write(&source, EMPTY_COMPONENT).unwrap();
        let cache = CodeCache::open(dir.path().join("cache"), crate::engine::new(1).unwrap()).unwrap();
        let (compiled, fresh) = cache.ensure(&source).unwrap();
        assert!(fresh);
        let renamed = dir.path().join("b.wasm");
        std::fs::rename(&source, &renamed).unwrap();
        assert_eq!(cache.ensure(&renamed).unwrap(), (compiled.clone(), false));
        std::fs::write(&renamed, "changed").unwrap();
        assert!(matches!(cache.ensure(&renamed), Err(CodeError::Compile { .. })));
        load(&crate::engine::new(2).unwrap(), &compiled).unwrap();
    }

    #[test]
    fn a_directory_that_others_may_write_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(dir.path(), open).unwrap();
        let refused = CodeCache::open(dir.path().to_owned(), crate::engine::new(1).unwrap());
        assert!(matches!(refused, Err(CodeError::CacheOfOthers { .. })));
    }

    #[test]
    fn what_is_no_component_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("a.wasm");
        std::fs::write(&source, "no wasm").unwrap();
        let cache = CodeCache::open(dir.path().join("cache"), crate::engine::new(1).unwrap()).unwrap();
        assert!(matches!(cache.ensure(&source), Err(CodeError::Compile { .. })));
        assert!(matches!(cache.ensure(&dir.path().join("none")), Err(CodeError::Source { .. })));
    }
}
