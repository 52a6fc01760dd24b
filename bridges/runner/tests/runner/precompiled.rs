//! Code that was compiled where the program was built.

use crate::fixture::{Setup, get, manifest_of_both, wasm_dir};
use mcsp_manifest::Manifest;
use mcsp_runner::{CodeError, StartError, precompile};
use std::error::Error;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

fn compiled() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let manifest = Manifest::parse(&manifest_of_both(), &wasm_dir()).unwrap();
    assert_eq!(precompile(&manifest, dir.path()).unwrap(), 2);
    dir
}

/// Where nothing can be written, and where no source is.
fn setup(code: &Path) -> Setup {
    let mut setup = Setup::default();
    setup.settings.cache_dir = "/proc/nothing-can-be-written-here".into();
    setup.settings.precompiled = Some(code.to_owned());
    setup.sources = "/nowhere".into();
    setup
}

#[tokio::test]
async fn it_needs_no_source_and_writes_nothing() {
    let code = compiled();
    let runner = setup(code.path()).start().await;
    assert_eq!(get(&runner, "/hello").await.body(), "hello\n");
    assert_eq!(get(&runner, "/probe/variable").await.body(), "hello world!");
    runner.stop().await;
}

#[tokio::test]
async fn what_is_missing_or_broken_is_told_at_the_start() {
    let code = compiled();
    std::fs::write(code.path().join("hello.cwasm"), "no code").unwrap();
    std::fs::remove_file(code.path().join("probe.cwasm")).unwrap();
    let Err(StartError::Component { component, source }) = setup(code.path()).try_start().await else {
        panic!("it starts");
    };
    assert_eq!(component, "hello");
    assert!(matches!(source, CodeError::Precompiled { .. }), "{source:?}");
    assert!(source.source().is_some());
}

#[tokio::test]
async fn a_directory_that_others_may_write_is_refused() {
    let code = compiled();
    std::fs::set_permissions(code.path(), PermissionsExt::from_mode(0o777)).unwrap();
    let refused = setup(code.path()).try_start().await;
    assert!(matches!(refused, Err(StartError::Component { source: CodeError::CacheOfOthers { .. }, .. })));
}
