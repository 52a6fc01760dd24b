//! The program of docs/playback.md that checks URLs at the edge: it comes to what the platform's own verifier comes to.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "the helpers of tests may fail as tests do")]

use mcsp_playback_url::{Binding, Grant, Key, Signer, Verifier};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

const NOW: u64 = 1_800_000_000;
const DIRECTORY: &str = "packaged/video_1/";
/// Where viewers are, unless it is said otherwise.
const ADDRESS: &str = "192.0.2.77";
const PAGE: &str = include_str!("../../../../docs/playback.md");

/// Answers each of the paths that it reads, after the program itself.
const ASK: &str = "
import sys
asked = json.load(sys.stdin)
print(json.dumps([may_read(asked['secrets'], *case) for case in asked['cases']]))
";

/// The same of where each URL leads.
const ASK_WHERE: &str = "
import sys
print(json.dumps([renewed(*case) for case in json.load(sys.stdin)]))
";

fn secret(id: &str) -> String {
    format!("secret of {id}, long enough to be used")
}

fn key(id: &str) -> Key {
    Key::new(id, secret(id).as_bytes()).unwrap()
}

/// A URL's path, the time, and the viewer's address.
type Case = (String, u64, &'static str);

fn bound(binding: &str) -> String {
    let network = Binding::parse(binding).unwrap().network(ADDRESS.parse().unwrap());
    Signer::new(key("new")).sign(&Grant::new(DIRECTORY, "session_1", NOW + 60).unwrap().within(network))
}

fn token(id: &str, prefix: &str) -> String {
    Signer::new(key(id)).sign(&Grant::new(prefix, "session_1", NOW + 60).unwrap())
}

/// The one program of the page.
fn program() -> &'static str {
    let (_, from) = PAGE.split_once("```python\n").expect("a program");
    let (program, rest) = from.split_once("```\n").expect("its end");
    assert!(!rest.contains("```python"), "one program");
    program
}

fn answers(cases: &[Case]) -> Vec<bool> {
    let secrets = json!({"new": secret("new"), "old": secret("old")});
    serde_json::from_slice(&asked(ASK, &json!({"secrets": secrets, "cases": cases}))).expect("its answers")
}

/// What the program says.
fn asked(ask: &str, of: &Value) -> Vec<u8> {
    let mut python = Command::new("python3")
        .args(["-c", &format!("{}{ask}", program())])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3, which scripts/test needs too");
    python.stdin.take().expect("a pipe").write_all(of.to_string().as_bytes()).expect("it reads");
    let output = python.wait_with_output().expect("it ends");
    assert!(output.status.success());
    output.stdout
}

/// Good ones, and each that is nearly so.
fn cases() -> Vec<Case> {
    let unbound = paths().into_iter().map(|(path, now)| (path, now, ADDRESS));
    let addresses = [ADDRESS, "192.0.2.1", "192.0.3.77", "2001:db8::1", "::", "", "192.0.2.77:80"];
    let bound = ["ipv4/24", "ipv4/32", "ipv4/7", "ipv6/48"].map(bound).into_iter().flat_map(|token| {
        let path = format!("/p/{token}/{DIRECTORY}a");
        addresses.map(|address| (path.clone(), NOW, address))
    });
    unbound.chain(bound).collect()
}

/// The same, wherever one is.
fn paths() -> Vec<(String, u64)> {
    let good = token("new", DIRECTORY);
    let file = format!("{DIRECTORY}360p/segment_000.m4s");
    let mut cases: Vec<(String, u64)> = Vec::new();
    for id in ["new", "old", "gone"] {
        let path = format!("/p/{}/{file}", token(id, DIRECTORY));
        cases.extend([0, NOW, NOW + 59, NOW + 60, NOW + 61].map(|now| (path.clone(), now)));
    }
    for path in [
        "packaged/video_1/",
        "packaged/video_1",
        "packaged/video_10/a",
        "packaged/video_2/a",
        "packaged/a",
        "",
        "/",
        "packaged/video_1//a",
        "packaged/video_1/./a",
        "packaged/video_1/../video_2/a",
        "packaged/video_1/..",
        "packaged/video_1/.",
        "packaged/video_1/...",
        "packaged/video_1/.a",
        "packaged/video_1/a..b",
        "packaged/video_1/a/",
        "packaged/video_1/%2e%2e/a",
        "packaged/video_1/a%20b",
        "packaged/video_1/a\\b",
        "packaged/video_1/\u{e9}",
        "packaged/video_1/a\n",
        "packaged/video_1/a b",
        "Packaged/video_1/a",
    ] {
        cases.push((format!("/p/{good}/{path}"), NOW));
    }
    cases.push((format!("/p/{good}/{DIRECTORY}{}", "a".repeat(1024 - DIRECTORY.len())), NOW));
    cases.push((format!("/p/{good}/{DIRECTORY}{}", "a".repeat(1025 - DIRECTORY.len())), NOW));
    for at in 0..good.len() {
        for other in ["A", "B", "-", ".", "=", "\u{e9}", ""] {
            let changed = format!("{}{other}{}", &good[..at], &good[at + 1..]);
            cases.push((format!("/p/{changed}/{file}"), NOW));
        }
    }
    // Brackets in brackets, and payloads that are no objects or have no such key.
    for payload in ["W1tb".repeat(1_000).as_str(), "W10", "MQ", "e30", "eyJraWQiOltdfQ"] {
        cases.push((format!("/p/{payload}.AAAA/{file}"), NOW));
    }
    for changed in ["", ".", "a", "a.b", &good.replace('.', ""), &format!("{good}."), &format!("{good}=")] {
        cases.push((format!("/p/{changed}/{file}"), NOW));
    }
    cases
}

#[test]
fn the_program_of_the_page_comes_to_what_the_platform_comes_to() {
    let verifier = Verifier::new([key("new"), key("old")]);
    let cases = cases();
    let (mut allowed, mut refused) = (0, 0);
    for ((path, now, address), answer) in cases.iter().zip(answers(&cases)) {
        let signed = path.strip_prefix("/p/").and_then(|rest| rest.split_once('/'));
        let good = signed.is_some_and(|(token, path)| {
            verifier.verify_from(address.parse().ok(), token, path, *now).is_ok()
        });
        assert_eq!(answer, good, "{path} at {now} from {address}");
        if good { allowed += 1 } else { refused += 1 }
    }
    assert!(allowed > 5 && refused > 500, "{allowed} allowed, {refused} refused");
}

#[test]
fn a_newer_token_of_the_query_takes_the_place_of_the_paths_own() {
    let (old, newer) = (token("old", DIRECTORY), token("new", DIRECTORY));
    let file = format!("{DIRECTORY}media_0.m3u8");
    let url_path = format!("/p/{old}/{file}");
    let with = |token: &str| Some(format!("/p/{token}/{file}"));
    let cases = [
        (url_path.clone(), format!("token={newer}"), with(&newer)),
        (url_path.clone(), format!("steering=https%3A%2F%2Fa&token={newer}&b"), with(&newer)),
        (url_path.clone(), format!("token={newer}&token=x"), with(&newer)),
        // It is checked as any path is, and opens nothing.
        (url_path.clone(), "token=".to_owned(), with("")),
        (url_path.clone(), "token=a/b".to_owned(), with("a/b")),
        (url_path.clone(), String::new(), None),
        (url_path.clone(), "token".to_owned(), None),
        (url_path, "tokens=x&Token=y&steering=z".to_owned(), None),
        ("/p/a/b".to_owned(), "token=x".to_owned(), Some("/p/x/b".to_owned())),
        ("/p/x".to_owned(), "token=x".to_owned(), None),
        ("/q/x/y".to_owned(), "token=x".to_owned(), None),
        ("p/x/y/z".to_owned(), "token=x".to_owned(), None),
    ];
    let asked_of: Vec<_> = cases.iter().map(|(url_path, query, _)| (url_path, query)).collect();
    let answers: Vec<Option<String>> =
        serde_json::from_slice(&asked(ASK_WHERE, &json!(asked_of))).expect("its answers");
    for ((url_path, query, expected), answer) in cases.iter().zip(&answers) {
        assert_eq!(answer, expected, "{url_path}?{query}");
    }
    assert_eq!(cases.len(), answers.len());
}

#[test]
fn it_has_thirty_lines() {
    let lines = program().lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 30, "{lines}");
}
