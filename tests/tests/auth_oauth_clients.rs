//! Clients that know nothing of the platform: a library of OAuth, one of JOSE, a server that is told of logouts, and a real
//! browser. `scripts/test` installs them; what they do stands in `tests/clients`.

use mcsp_tests::Platform;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// What a script is told: whom to be, and which clients.
async fn given(platform: &Platform) -> Value {
    let person = platform.account("viewer").await;
    let app = platform.client_app(json!({})).await;
    let machine = json!({
        "kind": "confidential", "first_party": true, "redirect_uris": [], "grant_types": ["client_credentials"],
        "scopes": ["permission.check"],
    });
    let machine = platform.client_app(machine).await;
    json!({
        "issuer": platform.url(), "email": person.email, "password": person.password,
        "app": {"id": app["id"], "redirect_uri": "http://127.0.0.1:7777/callback"},
        "machine": {"id": machine["id"], "secret": machine["secret"]},
        "screenshots": root().join("target/screenshots"),
    })
}

/// Runs a script to its end, and gives what it printed.
async fn run(script: &str, given: &Value) -> String {
    let mut command = Command::new(root().join(".mcsp/test-clients/bin/python"));
    command.arg(root().join("tests/clients").join(script)).env("OAUTH_TEST", given.to_string());
    command.stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("a process");
    let output = output.unwrap_or_else(|error| panic!("{script}: {error}: run scripts/test"));
    let (told, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}: {told}{wrong}");
    told.into_owned()
}

#[tokio::test]
async fn a_library_of_oauth_needs_nothing_but_the_discovery_document() {
    let told = run("oauth_client.py", &given(&Platform::running()).await).await;
    let flows = [
        "code flow with PKCE, ID token, userinfo",
        "refresh",
        "device flow",
        "introspection and revocation",
        "client credentials",
        "bound tokens",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), flows);
}

#[tokio::test]
async fn a_person_signs_in_with_a_real_browser_with_scripts_and_without() {
    let told = run("browser.py", &given(&Platform::running()).await).await;
    let walks = ["with-scripts", "without-scripts", "phone"];
    let walks = walks.map(|name| format!("{name}: signed in, consented, let a device in"));
    assert_eq!(told.lines().collect::<Vec<_>>(), walks);
}

#[tokio::test]
async fn a_client_is_told_of_each_session_that_ends_and_again_when_it_was_not_well() {
    let platform = Platform::running();
    let mut command = tokio::process::Command::new(root().join(".mcsp/test-clients/bin/python"));
    command.arg(root().join("tests/clients/logout_receiver.py")).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut receiver = command.spawn().expect("a process: run scripts/test");
    let mut told = BufReader::new(receiver.stdout.take().expect("its output")).lines();
    let address = told.next_line().await.expect("a line").expect("where it listens");
    let person = platform.account("viewer").await;
    let app = platform.client_app(json!({"backchannel_logout_uri": address})).await;
    let given = json!({
        "issuer": platform.url(), "email": person.email, "password": person.password, "token": person.token,
        "app": {"id": app["id"], "redirect_uri": "http://127.0.0.1:7777/callback"},
    });
    let mut input = receiver.stdin.take().expect("its input");
    input.write_all(format!("{given}\n").as_bytes()).await.expect("it reads");
    for session in 1..=2 {
        let line = told.next_line().await.expect("a line");
        assert_eq!(line.as_deref(), Some(format!("told of session {session}").as_str()));
    }
    assert!(receiver.wait().await.expect("its end").success());
}

#[tokio::test]
async fn a_person_signs_in_with_a_passkey_of_a_real_browser() {
    let told = run("passkeys.py", &given(&Platform::running()).await).await;
    let walks = ["light", "phone", "night"];
    let walks = walks
        .map(|name| format!("{name}: enrolled, signed in on the page and at the API, stepped up, removed"));
    assert_eq!(told.lines().collect::<Vec<_>>(), walks);
}
