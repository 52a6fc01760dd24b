//! Programs of others, or made of nothing but them, as clients of the platform: `tests/clients`, which `scripts/test` installs
//! what they need for.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The Python that has what they need.
pub fn client_python() -> PathBuf {
    root().join(".mcsp/test-clients/bin/python")
}

/// A script of `tests/clients`.
pub fn client_script(script: &str) -> PathBuf {
    root().join("tests/clients").join(script)
}

/// Runs a script to its end with what it is told, and gives what it printed.
///
/// # Panics
/// When it fails, with its words.
pub async fn run_client(script: &str, given: &Value) -> String {
    let mut command = Command::new(client_python());
    command.arg(client_script(script)).env("CLIENT_TEST", given.to_string()).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("a process");
    let output = output.unwrap_or_else(|error| panic!("{script}: {error}: run scripts/test"));
    let (told, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}: {told}{wrong}");
    told.into_owned()
}

/// The workspace.
///
/// # Panics
/// Never: it is above this crate.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}
