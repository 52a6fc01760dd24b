//! Clients that know nothing of the platform: a library of OAuth, one of JOSE, a server that is told of logouts, and a real
//! browser. `scripts/test` installs them; what they do stands in `tests/clients`.

use mcsp_tests::{Platform, client_python, client_script, run_client};
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

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
        "screenshots": client_script("../../target/screenshots"),
    })
}

#[tokio::test]
async fn a_library_of_oauth_needs_nothing_but_the_discovery_document() {
    let told = run_client("oauth_client.py", &given(&Platform::running()).await).await;
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
    let told = run_client("browser.py", &given(&Platform::running()).await).await;
    let walks = ["with-scripts", "without-scripts", "phone"];
    let walks = walks.map(|name| format!("{name}: signed in, consented, let a device in"));
    assert_eq!(told.lines().collect::<Vec<_>>(), walks);
}

#[tokio::test]
async fn a_client_is_told_of_each_session_that_ends_and_again_when_it_was_not_well() {
    let platform = Platform::running();
    let mut command = tokio::process::Command::new(client_python());
    command.arg(client_script("logout_receiver.py")).kill_on_drop(true);
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
    let told = run_client("passkeys.py", &given(&Platform::running()).await).await;
    let walks = ["light", "phone", "night"];
    let walks = walks
        .map(|name| format!("{name}: enrolled, signed in on the page and at the API, stepped up, removed"));
    assert_eq!(told.lines().collect::<Vec<_>>(), walks);
}
